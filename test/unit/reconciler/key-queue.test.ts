import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SdpError } from '#schema/errors';
import type { Outcome } from '../../../reconciler/contract.ts';
import { backoffMs } from '../../../reconciler/queue/backoff.ts';
import { KeyQueue } from '../../../reconciler/queue/key-queue.ts';

const DONE: Outcome = { kind: 'done' };

describe('KeyQueue', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  const passes: { key: string; at: number }[] = [];
  const errors: string[] = [];
  let outcome: (key: string) => Promise<Outcome> | Outcome = () => DONE;
  function queue(concurrency = 2): KeyQueue {
    passes.length = 0;
    errors.length = 0;
    return new KeyQueue({
      concurrency,
      random: () => 0,
      onError: (key, error) => void errors.push(`${key} ${error.code}`),
      work: async (key) => {
        passes.push({ key, at: Date.now() });
        return outcome(key);
      },
    });
  }
  const slow = (): Promise<Outcome> => new Promise((resolve) => setTimeout(() => resolve(DONE), 1_000));

  it('collapses keys that wait', async () => {
    outcome = slow;
    const keys = queue(1);
    keys.add('other');
    for (let i = 0; i < 5; i += 1) keys.add('a');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(passes.map((pass) => pass.key)).toEqual(['other', 'a']);
  });

  it('makes one more pass for any number of events during a pass, and never two at once', async () => {
    outcome = slow;
    const keys = queue();
    keys.add('a');
    await vi.advanceTimersByTimeAsync(500);
    for (let i = 0; i < 5; i += 1) keys.add('a');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(passes.map((pass) => pass.at)).toEqual([0, 1_000]);
  });

  it('works on other keys while one takes long (FM 8)', async () => {
    outcome = (key) => (key === 'slow' ? slow() : DONE);
    const keys = queue(2);
    keys.add('slow');
    keys.add('b');
    await vi.advanceTimersByTimeAsync(10);
    expect(passes.map((pass) => pass.key)).toEqual(['slow', 'b']);
  });

  it('does not work on more keys at once than it may (FM 32)', async () => {
    outcome = slow;
    const keys = queue(2);
    for (const key of ['a', 'b', 'c', 'd']) keys.add(key);
    await vi.advanceTimersByTimeAsync(10);
    expect(passes).toHaveLength(2);
  });

  it('waits longer after each failure and starts over after success (FM 13)', async () => {
    let failing = true;
    outcome = () => (failing ? { kind: 'retry', error: new SdpError('unavailable', 'no') } : DONE);
    const keys = queue();
    keys.add('a');
    await vi.advanceTimersByTimeAsync(3_100);
    expect(passes.map((pass) => pass.at)).toEqual([0, 200, 600, 1_400, 3_000]);
    expect(errors[0]).toBe('a unavailable');
    failing = false;
    await vi.advanceTimersByTimeAsync(10_000);
    failing = true;
    const from = passes.length;
    const start = Date.now();
    keys.add('a');
    await vi.advanceTimersByTimeAsync(300);
    expect(passes.slice(from).map((pass) => pass.at - start)).toEqual([0, 200]);
  });

  it('does not try again what ended terminally', async () => {
    outcome = () => ({ kind: 'terminal', error: new SdpError('internal', 'no') });
    const keys = queue();
    keys.add('a');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(passes).toHaveLength(1);
  });

  it('keeps the earlier of two appointments', async () => {
    outcome = () => DONE;
    const keys = queue();
    keys.addAfter('a', 500);
    keys.addAfter('a', 5_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(passes.map((pass) => pass.at)).toEqual([500]);
  });

  it('lets a running pass end at stop and starts nothing after', async () => {
    outcome = slow;
    const keys = queue(1);
    keys.add('a');
    keys.add('b');
    await vi.advanceTimersByTimeAsync(10);
    const stopped = keys.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    await stopped;
    keys.add('c');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(passes.map((pass) => pass.key)).toEqual(['a']);
  });
});

describe('backoff', () => {
  it('doubles from one second to one minute, less a quarter at most', () => {
    expect([1, 2, 3, 7, 50].map((count) => backoffMs(count, 0))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
    expect(backoffMs(1, 1)).toBe(750);
  });
});
