import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EdgeRequest, RequestsMessage } from '#schema/wire/requests';
import { RequestOutbox } from '#agents/requests/request-outbox';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIMITS = { keep: 20, keepMs: 10_000, everyMs: 200, batch: 5, backlogBytes: 100 };

const request = (path: string, more: Partial<EdgeRequest> = {}): Omit<EdgeRequest, 'seq'> => ({
  at: '2026-01-01T00:00:00.000Z', id: 'i', entry: 'inside', sandboxUid: 'u', service: 'account', method: 'GET', path, status: 200, durationMs: 1,
  target: { kind: 'container', address: '10.0.0.2:8080' }, ...more,
});

class Line {
  readonly messages: RequestsMessage[] = [];
  readonly at: number[] = [];
  backlog = 0;
  attachTo(outbox: RequestOutbox): void {
    outbox.attach((message) => {
      this.messages.push(message);
      this.at.push(performance.now());
    }, () => this.backlog);
  }
  seqs(): number[] {
    return this.messages.flatMap((message) => message.requests.map(({ seq }) => seq));
  }
  missed(): number {
    return this.messages.reduce((sum, message) => sum + message.missed, 0);
  }
}

const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => index + from);
const noteMany = (outbox: RequestOutbox, count: number): void => outbox.note(upTo(count).map((n) => request(`/${n}`)), 0);

describe('the outbox of requests', () => {
  it('numbers requests from 1 and sends them in batches, never closer than its interval', () => {
    const [outbox, line] = [new RequestOutbox('b', LIMITS), new Line()];
    line.attachTo(outbox);
    noteMany(outbox, 12);
    vi.advanceTimersByTime(2_000);
    expect(line.seqs()).toEqual(upTo(12));
    expect(line.messages.map(({ requests }) => requests.length)).toEqual([5, 5, 2]);
    expect(line.messages[0]).toMatchObject({ type: 'requests', bootId: 'b', missed: 0 });
    for (const [index, at] of line.at.entries()) expect(at - (line.at[index - 1] ?? -Infinity)).toBeGreaterThanOrEqual(200);
  });

  it('sends a lone request soon', () => {
    const [outbox, line] = [new RequestOutbox('b', LIMITS), new Line()];
    line.attachTo(outbox);
    outbox.note([request('/')], 0);
    vi.advanceTimersByTime(25);
    expect(line.seqs()).toEqual([1]);
  });

  it('sends again what it keeps after a reconnect, and says once what was missed', () => {
    const [outbox, first, second] = [new RequestOutbox('b', LIMITS), new Line(), new Line()];
    first.attachTo(outbox);
    outbox.note([request('/1')], 7);
    vi.advanceTimersByTime(500);
    outbox.detach();
    outbox.note([request('/2')], 1);
    vi.advanceTimersByTime(500);
    second.attachTo(outbox);
    vi.advanceTimersByTime(500);
    expect([first.seqs(), first.missed()]).toEqual([[1], 7]);
    expect([second.seqs(), second.missed()]).toEqual([[1, 2], 1]);
  });

  it('drops what is too old, and counts as missed only what nobody was sent', () => {
    const [outbox, line] = [new RequestOutbox('b', LIMITS), new Line()];
    line.attachTo(outbox);
    noteMany(outbox, 2);
    vi.advanceTimersByTime(500);
    outbox.detach();
    noteMany(outbox, 3);
    vi.advanceTimersByTime(11_000);
    outbox.note([request('/new')], 0);
    line.attachTo(outbox);
    vi.advanceTimersByTime(500);
    expect(line.seqs()).toEqual([1, 2, 6]);
    expect(line.missed()).toBe(3);
  });

  it('adds nothing to a session that does not get its messages through, and goes on when it does', () => {
    const [outbox, line] = [new RequestOutbox('b', LIMITS), new Line()];
    line.attachTo(outbox);
    line.backlog = 101;
    for (let round = 0; round < 50; round++) {
      noteMany(outbox, 10);
      vi.advanceTimersByTime(100);
    }
    expect(line.messages).toEqual([]);
    line.backlog = 0;
    vi.advanceTimersByTime(2_000);
    expect(line.seqs()).toEqual(upTo(20, 481));
    expect(line.missed()).toBe(480);
  });

  it('loses count of none: every request is sent or missed, in order, whatever the session does', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('note' as const), count: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 900 }) }),
      fc.record({ kind: fc.constant('cut' as const) }),
      fc.record({ kind: fc.constant('connect' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const outbox = new RequestOutbox('b', LIMITS);
        const lines: Line[] = [];
        let noted = 0;
        for (const each of steps) {
          if (each.kind === 'note') {
            noteMany(outbox, each.count);
            noted += each.count;
          } else if (each.kind === 'wait') vi.advanceTimersByTime(each.ms);
          else {
            outbox.detach();
            if (each.kind === 'connect') lines.push(new Line());
            if (each.kind === 'connect') lines.at(-1)?.attachTo(outbox);
          }
        }
        outbox.detach();
        const last = new Line();
        lines.push(last);
        last.attachTo(outbox);
        vi.advanceTimersByTime(5_000);
        for (const line of lines) {
          expect(line.seqs()).toEqual([...line.seqs()].sort((a, b) => a - b));
          expect(line.messages.every(({ requests }) => requests.length <= LIMITS.batch)).toBe(true);
        }
        const sent = new Set(lines.flatMap((line) => line.seqs()));
        expect(sent.size + lines.reduce((sum, line) => sum + line.missed(), 0)).toBe(noted);
        outbox.detach();
      }),
      { numRuns: 60 },
    );
  });

  it('lets no query and no endless text leave the node', () => {
    const [outbox, line] = [new RequestOutbox('b', LIMITS), new Line()];
    line.attachTo(outbox);
    outbox.note([request(`/pay?token=secret#x`, { location: 'https://a.b/c?code=secret', failure: 'x'.repeat(9_000) }), request(`/${'p'.repeat(40_000)}`)], 0);
    vi.advanceTimersByTime(500);
    const text = JSON.stringify(line.messages);
    expect(text).not.toContain('secret');
    expect(line.messages[0]?.requests[0]).toMatchObject({ path: '/pay', location: 'https://a.b/c' });
    expect(text.length).toBeLessThan(4_000);
  });
});
