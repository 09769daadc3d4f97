/** What becomes of a sandbox that nobody uses: on counted time, whatever clocks and nodes do. */
import { describe, expect, it } from 'vitest';
import type { Lifecycle } from '#schema/records';
import { advance, extended, leftOf, type LifecycleInput } from '../../../reconciler/lifecycle/advance.ts';
import { policyOf, type ExpiryPolicy } from '../../../reconciler/lifecycle/policy.ts';
import { lifecycleView } from '../../../reconciler/lifecycle/view.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse('2026-01-01T00:00:00Z');
const POLICY: ExpiryPolicy = { afterMs: 10 * DAY, warnMs: 2 * DAY, deleteMs: 5 * DAY };

/** A sandbox that is looked at every five minutes. */
class Watched {
  now = START;
  policy = POLICY;
  record: Lifecycle | undefined;
  readonly changes: string[] = [];
  seen = '1';

  look(more: Partial<LifecycleInput> = {}): string | undefined {
    const { lifecycle, change } = advance({
      sandboxUid: 'u',
      former: this.record,
      policy: this.policy,
      seen: this.seen,
      newest: { at: new Date(this.now).toISOString(), by: 'edit' },
      requested: false,
      watched: true,
      held: false,
      now: this.now,
      ...more,
    });
    this.record = lifecycle;
    if (change !== undefined) this.changes.push(`${change} after ${Math.round((this.now - START) / HOUR)}h`);
    return change;
  }

  pass(ms: number, more: Partial<LifecycleInput> = {}): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 5 * MINUTE;
      this.look(more);
    }
  }
}

const watched = (): Watched => {
  const made = new Watched();
  made.look();
  return made;
};

describe('a sandbox that nobody uses', () => {
  it('is warned of, expires and is deleted, each at its time', () => {
    const box = watched();
    box.pass(15 * DAY);
    expect(box.changes.slice(0, 3)).toEqual([`warned after ${8 * 24}h`, `expired after ${10 * 24}h`, `delete after ${15 * 24}h`]);
  });

  it('begins anew with a request, an edit or a deployment, and takes the warning back', () => {
    const box = watched();
    box.pass(9 * DAY);
    expect(box.look({ requested: true })).toBe('revived');
    box.pass(9 * DAY);
    box.seen = '2';
    expect(box.look()).toBe('revived');
    expect(box.record).toMatchObject({ idleMs: 0, activeBy: 'edit' });
    box.pass(7 * DAY);
    expect(box.changes).toHaveLength(4);
  });

  it('is brought back from expiry by what people do, and not by a request', () => {
    const box = watched();
    box.pass(11 * DAY);
    expect(box.look({ requested: true })).toBeUndefined();
    expect(box.record?.expiredMs).toBe(DAY);
    box.seen = 'resumed';
    expect(box.look()).toBe('revived');
    box.pass(7 * DAY);
    expect(box.record?.warnedMs).toBeUndefined();
  });

  it('is neither warned of nor ended while it is kept, and again when it is not', () => {
    const box = watched();
    box.record = { ...box.record!, keptBy: 'ada' };
    box.pass(40 * DAY);
    expect(box.changes).toEqual([]);
    const { keptBy: _by, ...free } = box.record;
    box.record = free;
    box.look();
    expect(box.record.warnedMs).toBe(0);
    box.pass(2 * DAY - 5 * MINUTE);
    expect(box.record.expiredMs).toBeUndefined();
    box.pass(5 * MINUTE);
    expect(box.record.expiredMs).toBe(0);
  });

  it('lives longer by what it is extended, use in between or not', () => {
    const box = watched();
    box.pass(9 * DAY);
    box.record = extended(box.record!, POLICY, 7 * DAY);
    expect(leftOf(box.record, POLICY)).toBe(8 * DAY);
    expect(box.record.warnedMs).toBeUndefined();
    box.look({ requested: true });
    expect(leftOf(box.record, POLICY)).toBe(10 * DAY);
    box.record = extended(box.record, POLICY, 30 * DAY);
    box.pass(39 * DAY);
    expect(box.record.expiredMs).toBeUndefined();
    box.pass(DAY);
    expect(box.record.expiredMs).toBe(0);
    box.record = extended(box.record, POLICY, DAY);
    box.pass(5 * DAY);
    expect(box.changes.some((change) => change.startsWith('delete'))).toBe(false);
    box.pass(DAY);
    expect(box.changes.at(-1)).toMatch(/^delete/);
  });

  it('is left alone while somebody holds it', () => {
    const box = watched();
    box.pass(30 * DAY, { held: true });
    expect(box.changes).toEqual([]);
  });
});

describe('time that nobody watched', () => {
  it('does not count: a clock that jumps ahead by years expires nothing', () => {
    const box = watched();
    box.pass(DAY);
    box.now += 3 * 365 * DAY;
    expect(box.look()).toBeUndefined();
    expect(box.record?.idleMs).toBe(DAY);
    box.pass(7 * DAY);
    expect(box.changes.at(-1)).toMatch(/^warned/);
  });

  it('does not count when a clock goes back, and counting goes on from there', () => {
    const box = watched();
    box.pass(DAY);
    box.now -= 365 * DAY;
    box.look();
    box.pass(DAY);
    expect(box.record?.idleMs).toBe(2 * DAY);
  });

  it('does not count while the node that sees the requests is silent', () => {
    const box = watched();
    box.pass(100 * DAY, { watched: false });
    expect(box.record).toMatchObject({ idleMs: 0 });
    expect(box.changes).toEqual([]);
  });

  it('does not count while the server is down, also of what has expired', () => {
    const box = watched();
    box.pass(10 * DAY);
    box.now += 30 * DAY;
    box.look();
    expect(box.record?.expiredMs).toBe(0);
  });
});

describe('a policy', () => {
  it('that is shortened still gives the whole notice', () => {
    const box = watched();
    box.pass(7 * DAY);
    box.policy = { ...POLICY, afterMs: DAY, warnMs: 6 * HOUR };
    expect(box.look()).toBe('warned');
    box.pass(6 * HOUR - 5 * MINUTE);
    expect(box.record?.expiredMs).toBeUndefined();
    box.pass(5 * MINUTE);
    expect(box.record?.expiredMs).toBe(0);
  });

  it('comes from the sandbox, else from the settings; a default warning is a quarter of the time at most', () => {
    const defaults = { afterMs: 30 * DAY, warnMs: 3 * DAY, deleteMs: 14 * DAY };
    expect(policyOf({}, defaults)).toEqual(defaults);
    expect(policyOf({ expireAfter: '1d' }, defaults)).toEqual({ afterMs: DAY, warnMs: 6 * HOUR, deleteMs: 14 * DAY });
    expect(policyOf({ expireAfter: '1d', warnBefore: '2d', deleteAfter: 'never' }, defaults)).toEqual({ afterMs: DAY, warnMs: DAY, deleteMs: undefined });
    expect(policyOf({ expireAfter: 'never' }, defaults).afterMs).toBeUndefined();
  });

  it('of never expires nothing, and says so', () => {
    const box = watched();
    box.policy = { ...POLICY, afterMs: undefined };
    box.pass(60 * DAY);
    expect(box.changes).toEqual([]);
    expect(lifecycleView(box.record!, box.policy)).toMatchObject({ state: 'unlimited' });
  });
});

it('dates stand still while nothing happens', () => {
  const box = watched();
  box.pass(9 * DAY);
  const { expiresAt } = lifecycleView(box.record!, POLICY);
  box.pass(HOUR);
  expect(lifecycleView(box.record!, POLICY)).toMatchObject({ state: 'warned', expiresAt: '2026-01-11T00:00:00Z' });
  expect(expiresAt).toBe('2026-01-11T00:00:00Z');
});
