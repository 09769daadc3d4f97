import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TargetCheck } from '#schema/wire/report';
import { TargetChecks, type Wanted } from '#agents/edge/checks';

const found = (ok: boolean, message = ''): TargetCheck => ({ ok, at: new Date().toISOString(), step: 'answer', message, durationMs: 1 });
const wanted = (service: string, fingerprint: string, check: () => Promise<TargetCheck>): Wanted => ({ uid: 'u1', service, fingerprint, check });
const times = { atOnce: 4, okMs: 60_000, failingMs: 40 };

describe('checks of targets', () => {
  it('are made at once for what changed, and not again for what did not', async () => {
    let asked = 0;
    const checks = new TargetChecks(() => undefined, times);
    const check = async (): Promise<TargetCheck> => (asked++, found(true));
    checks.want([wanted('a', '1', check)]);
    await expect.poll(() => checks.results().u1?.a?.ok).toBe(true);
    checks.want([wanted('a', '1', check)]);
    await sleep(30);
    expect(asked).toBe(1);
    checks.want([wanted('a', '2', check)]);
    expect(checks.results()).toEqual({});
    await expect.poll(() => checks.results().u1?.a?.ok).toBe(true);
    expect(asked).toBe(2);
    checks.want([]);
    expect(checks.results()).toEqual({});
    checks.stop();
  });

  it('go on while a target fails, and tell only what people would see change', async () => {
    let asked = 0;
    let told = 0;
    const checks = new TargetChecks(() => void told++, times);
    checks.want([wanted('a', '1', async () => (asked++, found(asked > 3, asked > 3 ? 'well' : 'down')))]);
    await expect.poll(() => checks.results().u1?.a?.ok).toBe(true);
    expect([asked, told]).toEqual([4, 2]);
    checks.stop();
  });

  it('are at most four at once, and none starves', async () => {
    let now = 0;
    let most = 0;
    const checks = new TargetChecks(() => undefined, times);
    const check = async (): Promise<TargetCheck> => {
      most = Math.max(most, ++now);
      await sleep(5);
      now -= 1;
      return found(true);
    };
    checks.want(Array.from({ length: 30 }, (_, i) => wanted(`s${i}`, '1', check)));
    await expect.poll(() => Object.keys(checks.results().u1 ?? {}).length).toBe(30);
    expect(most).toBe(4);
    checks.stop();
  });

  it('of a route that changed meanwhile are not told, and what could not be asked is no finding', async () => {
    const checks = new TargetChecks(() => undefined, times);
    checks.want([wanted('a', 'old', async () => (await sleep(30), found(false, 'old')))]);
    checks.want([wanted('a', 'new', async () => found(true, 'new'))]);
    await expect.poll(() => checks.results().u1?.a?.message).toBe('new');
    let attempts = 0;
    checks.want([wanted('b', '1', async () => (attempts++ === 0 ? Promise.reject(new Error('no edge')) : found(true)))]);
    await expect.poll(() => checks.results().u1?.b?.ok).toBe(true);
    expect(attempts).toBe(2);
    checks.stop();
  });
});
