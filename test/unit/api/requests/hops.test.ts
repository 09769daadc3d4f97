import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestView } from '#schema/http';
import { foundByTime } from '#api/requests/by-time';
import { firstFailure } from '#api/requests/first-failure';
import { orderHops } from '#api/requests/order-hops';
import { leavesFrom } from '#api/requests/trace';
import { tracePath } from '#api/requests/trace-path';
import { START, iso, view } from './support.ts';

const gateway = (more: Partial<RequestView> & { from?: number } = {}): RequestView => view({ entry: 'gateway', service: 'gateway', durationMs: 100, ...more });
const names = (requests: readonly RequestView[]): string[] => orderHops(requests).map(({ request }) => `${request.node}/${request.entry}/${request.service ?? ''}`);

/** A call of a service, what it does until it answers, and where it runs. */
interface Call {
  node: number;
  before: number;
  calls: Call[];
}
const call = fc.letrec<{ call: Call }>((tie) => ({
  call: fc.record({
    node: fc.integer({ min: 0, max: 2 }),
    before: fc.integer({ min: 2, max: 9 }),
    calls: fc.oneof({ maxDepth: 3, depthIdentifier: 'calls' }, fc.constant<Call[]>([]), fc.array(tie('call'), { maxLength: 3 })),
  }),
})).call;

/** Writes the logs that the edges would have: two sides of one hop where it goes to another node. Answers when it ends. */
function write(each: Call, at: number, caller: number, service: string, skews: readonly number[], logs: { request: RequestView; true: number }[]): number {
  const node = (number: number): string => `n${number}`;
  const remote = each.node !== caller;
  const hop = remote ? 1 : 0;
  const entries: { on: number; at: number; entry: RequestView['entry'] }[] = [{ on: caller, at, entry: 'inside' }];
  if (remote) entries.push({ on: each.node, at: at + hop, entry: 'service' });
  let now = at + hop + each.before;
  for (const [index, inner] of each.calls.entries()) now = write(inner, now, each.node, `${service}-${index}`, skews, logs) + 2;
  for (const [index, entry] of entries.entries()) {
    logs.push({
      true: entry.at,
      request: view({
        node: node(entry.on), entry: entry.entry, service, at: iso(START + entry.at + (skews[entry.on] ?? 0)), durationMs: now - entry.at + (entries.length - index),
        target: { kind: remote && index === 0 ? 'node' : 'container' },
      }),
    });
  }
  return now + entries.length;
}

describe('hops of one request', () => {
  it('come in the order in which they arrived, however far the clocks of the nodes are apart', () => {
    const skew = fc.integer({ min: -3_600_000, max: 3_600_000 });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 3 }), fc.tuple(skew, skew, skew), (calls, skews) => {
        const logs: { request: RequestView; true: number }[] = [];
        let now = 2;
        for (const [index, each] of calls.entries()) now = write(each, now, 0, `s${index}`, skews, logs) + 2;
        logs.push({ true: 0, request: gateway({ node: 'n0', at: iso(START + skews[0]), durationMs: now }) });
        const wanted = logs.sort((a, b) => a.true - b.true).map(({ request }) => request);
        const shuffled = [...wanted].sort((a, b) => a.seq * 7919 % 101 - b.seq * 7919 % 101);
        expect(orderHops(shuffled).map(({ request }) => request)).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });

  it('of one millisecond stand as the request travelled', () => {
    const hops = [
      view({ node: 'micro-1', entry: 'service', durationMs: 0, at: iso(START + 5_000) }),
      view({ durationMs: 0, target: { kind: 'node' } }),
      gateway({ durationMs: 0 }),
    ];
    expect(names(hops)).toEqual(['gateway-1/gateway/gateway', 'gateway-1/inside/account', 'micro-1/service/account']);
  });

  it('begin at the port of all sandboxes where that passed it on to the gateway of another node', () => {
    const hops = [gateway({ node: 'b', at: iso(START - 9_000) }), view({ node: 'b', at: iso(START - 8_990) }), gateway({ node: 'a', entry: 'shared', target: { kind: 'node' } })];
    expect(names(hops)).toEqual(['a/shared/gateway', 'b/gateway/gateway', 'b/inside/account']);
  });
});

describe('the hop to blame', () => {
  const cause = (requests: readonly RequestView[]): string | undefined => {
    const hops = orderHops(requests);
    const index = firstFailure(hops);
    return index === undefined ? undefined : hops[index]?.request.service;
  };

  it('is none while nothing failed; a refusal with 4xx is an answer', () => {
    expect(cause([gateway({ status: 404 }), view({ from: 1, status: 404 })])).toBeUndefined();
    expect(cause([])).toBeUndefined();
  });

  it('is the deepest one that failed, not those that passed its failure on', () => {
    const chain = [
      gateway({ status: 502 }),
      view({ from: 5, durationMs: 50, service: 'account', status: 500 }),
      view({ from: 10, durationMs: 20, service: 'user', status: 503, failure: 'nothing answers' }),
    ];
    expect(cause(chain)).toBe('user');
    expect(cause(chain.slice(0, 2))).toBe('account');
  });

  it('is the gateway when everything that it called answered', () => {
    expect(cause([gateway({ status: 500 }), view({ from: 5 }), view({ from: 10, service: 'user' })])).toBe('gateway');
  });

  it('is the first of two calls one after the other that both failed', () => {
    expect(cause([gateway({ status: 502 }), view({ from: 5, durationMs: 3, status: 500 }), view({ from: 9, durationMs: 3, service: 'payment', status: 500 })])).toBe('account');
  });

  it('is the side of a hop that knows why', () => {
    const sent = view({ from: 5, durationMs: 20, status: 502, target: { kind: 'node' } });
    const taken = view({ node: 'micro-1', from: 7_000, durationMs: 15, entry: 'service', status: 502, failure: 'connection refused' });
    const hops = orderHops([gateway({ status: 502 }), sent, taken]);
    expect(hops[firstFailure(hops) ?? -1]?.request.failure).toBe('connection refused');
  });

  it('may have ended without an answer', () => {
    expect(cause([gateway({ status: 504 }), view({ from: 5, durationMs: 90, status: 0 })])).toBe('account');
  });
});

describe('calls without the id', () => {
  const entrance = gateway({ id: 'trace-1', durationMs: 50 });

  it('are taken by their time when nobody else used the sandbox at that moment', () => {
    const mine = view({ id: 'other', from: 10, durationMs: 20 });
    const recent = [mine, view({ from: -500 }), view({ from: 400 }), gateway({ id: 'later', from: 300 }), entrance];
    expect(foundByTime(entrance, recent)).toEqual([mine]);
  });

  it('are nobody’s when somebody else used it too, when they are many, and when they overlap only', () => {
    const mine = view({ id: 'other', from: 10, durationMs: 20 });
    expect(foundByTime(entrance, [mine, gateway({ id: 'else', from: -20, durationMs: 40 })])).toEqual([]);
    expect(foundByTime(entrance, Array.from({ length: 11 }, () => ({ ...mine })))).toEqual([]);
    expect(foundByTime(entrance, [view({ id: 'long', from: -30, durationMs: 40 }), view({ id: 'late', from: 40, durationMs: 40 })])).toEqual([]);
  });
});

describe('a path to trace', () => {
  it('goes out as the app would send it', () => {
    expect(tracePath('/a?b=c&d=%20')).toBe('/a?b=c&d=%20');
    expect(tracePath('/names/Ada Lovelace/é#top')).toBe('/names/Ada%20Lovelace/%C3%A9');
  });

  it.each([['no/slash', 'begin with'], ['', 'begin with'], ['/a\r\nHost: evil', 'control'], ['/\u0000', 'control'], [`/${'a'.repeat(2_048)}`, '2 KiB'], ['/\ud800', 'text']])('is refused as %j', (path, why) => {
    expect(() => tracePath(path)).toThrow(expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(why) }) as Error);
  });
});

describe('a redirect', () => {
  it('leaves the sandbox when it leads to another host or port', () => {
    const url = 'http://10.1.2.3:8080/login?x=1';
    expect(['/home', 'home', 'http://10.1.2.3:8080/x', undefined].map((location) => leavesFrom(url, location))).toEqual([false, false, false, false]);
    expect(['https://gateway-dev.company.com/x', '//elsewhere/x', 'http://10.1.2.3:8081/'].map((location) => leavesFrom(url, location))).toEqual([true, true, true]);
  });
});
