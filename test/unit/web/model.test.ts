import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogLine } from '#schema/records';
import { appendLines, EMPTY_LOG, firstError, nextLine } from '../../../web/app/model/log-buffer.ts';
import { resolvedYaml } from '../../../web/app/model/resolve-template.ts';
import { serviceRows } from '../../../web/app/model/service-rows.ts';
import { ago, bytes, duration } from '../../../web/app/model/time.ts';
import { rowsInSight } from '../../../web/app/model/window.ts';
import { deploymentsInSight, pickOpen } from '../../../web/app/sandbox/open-deployment.ts';

const line = (number: number, text = `line ${number}`): LogLine => ({ line: number, at: '', phase: 'BUILD', text });

describe('log buffer', () => {
  test('keeps every line once and in order, however pages and events overlap', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 10 })), { maxLength: 40 }),
        (pages) => {
          const all = pages.map(([from, length]) => Array.from({ length }, (_, index) => line(from + index)));
          const end = all.reduce(appendLines, EMPTY_LOG);
          expect(end.lines.map((one) => one.line)).toEqual(end.lines.map((_, index) => index + 1));
        }
      )
    );
  });

  test('says that lines are missing, and no longer once they came', () => {
    const holed = appendLines(appendLines(EMPTY_LOG, [line(1)]), [line(3)]);
    expect(holed.behind).toBe(true);
    expect(nextLine(holed)).toBe(2);
    expect(appendLines(holed, [line(2), line(3)])).toMatchObject({ behind: false, lines: [line(1), line(2), line(3)] });
  });

  test('finds the line that people look for after a failure', () => {
    expect(
      firstError([line(1, 'go build .'), line(2, './refund.go:41:17: undefined: Ledger'), line(3, 'exit 1')])
    ).toBe(1);
    expect(firstError([line(1, 'company/errors'), line(2, 'all is well')])).toBeUndefined();
  });
});

describe('rowsInSight', () => {
  test('covers what is in sight and little else, at any place', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 0, max: 4_800_000 }),
        fc.integer({ min: 100, max: 1_200 }),
        (count, top, height) => {
          const scrollTop = Math.min(top, Math.max(0, count * 24 - height));
          const { from, to } = rowsInSight(count, 24, scrollTop, height);
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThanOrEqual(count);
          expect(to - from).toBeLessThan(150);
          expect(from).toBeLessThanOrEqual(Math.floor(scrollTop / 24));
          expect(to).toBeGreaterThanOrEqual(Math.min(count, Math.ceil((scrollTop + height) / 24)));
        }
      )
    );
  });
});

describe('resolvedYaml', () => {
  const spec = {
    gateway: { branch: '{{ gateway }}' },
    services: { account: { branch: '{{branch}}' } },
    parameters: [{ name: 'branch' }, { name: 'gateway', default: 'develop' }],
  };

  test('fills answers and defaults, leaves open questions visible and the questions out', () => {
    const text = resolvedYaml('QA', spec, { branch: '' });
    expect(text).toContain('branch: develop');
    expect(text).toContain('{{branch}}');
    expect(text).not.toContain('parameters');
    expect(resolvedYaml('QA', spec, { branch: 'feature/x' })).toContain('branch: feature/x');
  });

  test('an answer stays a value, whatever it holds', () => {
    expect(resolvedYaml('QA', spec, { branch: 'a: [b' })).toContain('branch: "a: [b"');
  });
});

describe('serviceRows', () => {
  test('shows services that run here first, with where requests really go', () => {
    const rows = serviceRows({ services: { account: { use_ocp: true }, user: { branch: 'develop' } } }, undefined);
    expect(rows.map(({ name, wanted, target }) => [name, wanted, target])).toEqual([
      ['user', 'started', 'sandbox'],
      ['account', 'ocp', 'ocp'],
    ]);
  });
});

describe('open deployment', () => {
  const one = (id: string, state: 'QUEUED' | 'BUILDING' | 'RUNNING' | 'FAILED', completedAt?: string) => ({
    id,
    sandboxUid: 'u',
    sandbox: 'S',
    service: id,
    repository: 'r',
    branch: 'b',
    user: 'x',
    generation: 1,
    state,
    startedAt: '2026-01-01T00:00:00.000Z',
    ...(completedAt === undefined ? {} : { completedAt }),
  });

  test('the running one opens; it stays open when it fails, and gives way when it succeeds', () => {
    expect(pickOpen([one('a', 'QUEUED'), one('b', 'BUILDING')], undefined)).toBe('b');
    expect(pickOpen([one('a', 'BUILDING'), one('b', 'FAILED')], 'b')).toBe('b');
    expect(pickOpen([one('a', 'BUILDING'), one('b', 'RUNNING')], 'b')).toBe('a');
    expect(pickOpen([], 'b')).toBeUndefined();
  });

  test('a success stays in sight for a moment', () => {
    const done = one('a', 'RUNNING', '2026-01-01T00:00:10.000Z');
    expect(deploymentsInSight([done], Date.parse('2026-01-01T00:00:20.000Z'))).toEqual([done]);
    expect(deploymentsInSight([done], Date.parse('2026-01-01T00:01:20.000Z'))).toEqual([]);
  });
});

describe('words for numbers', () => {
  test('times and sizes', () => {
    const now = Date.parse('2026-01-02T00:00:00Z');
    expect(ago('2026-01-01T23:59:58Z', now)).toBe('just now');
    expect(ago('2026-01-01T23:57:00Z', now)).toBe('3 min ago');
    expect(ago('nonsense', now)).toBe('at an unknown time');
    expect([400, 12_000, 185_000, 4_800_000].map(duration)).toEqual(['0.4 s', '12 s', '3m 05s', '1h 20m']);
    expect([512, 1536, 6_200_000_000].map(bytes)).toEqual(['512 B', '1.5 KiB', '5.8 GiB']);
  });
});
