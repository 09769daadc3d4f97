import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestView } from '#schema/http';
import type { EdgeRequest, RequestsMessage } from '#schema/wire/requests';
import { RecentCounts } from '#api/requests/recent-counts';
import { RequestBook } from '#api/requests/request-book';
import { RequestIntake } from '#api/requests/request-intake';
import { START, view } from './support.ts';

describe('counts of ten minutes', () => {
  it('are those of a list of times, to a bucket of ten seconds', () => {
    const times = fc.array(fc.record({ service: fc.constantFrom('account', 'payment'), ago: fc.integer({ min: -60_000, max: 900_000 }) }), { maxLength: 80 });
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 700_000 }), (requests, later) => {
        const counts = new RecentCounts();
        for (const { service, ago } of requests) counts.add(service, START - ago, START);
        const totals = counts.totals(START + later);
        for (const service of ['account', 'payment']) {
          const of = (least: number): number => requests.filter((each) => each.service === service && Math.max(0, each.ago) + later <= least && each.ago <= 600_000).length;
          const total = totals.get(service) ?? 0;
          expect(total).toBeGreaterThanOrEqual(of(590_000));
          expect(total).toBeLessThanOrEqual(of(610_000));
        }
      }),
    );
  });

  it('are bounded, whatever names a container asks for', () => {
    const counts = new RecentCounts();
    for (let index = 0; index < 5_000; index++) counts.add(`s${index}`, START, START);
    expect(counts.totals(START).size).toBe(200);
  });
});

describe('the book of requests', () => {
  const book = (limits?: ConstructorParameters<typeof RequestBook>[1]): RequestBook => new RequestBook(() => START + 60_000, limits);

  it('counts calls from inside by service and those to the gateway, and no hop twice', () => {
    const requests = book();
    const add = (more: Partial<RequestView>): void => requests.add(view(more));
    add({ entry: 'gateway', service: 'gateway' });
    add({ entry: 'inside', service: 'account', target: { kind: 'node', address: '10.0.0.2:9001' } });
    add({ entry: 'service', service: 'account', node: 'micro-1' });
    add({ entry: 'inside', service: 'payment', target: { kind: 'https', host: 'payment-dev.company.com' } });
    // The port of all sandboxes, on a node that passes it on to the gateway's: once there; and once that never got there.
    add({ entry: 'shared', service: 'gateway', target: { kind: 'node' } });
    add({ entry: 'gateway', service: 'gateway', node: 'micro-1' });
    add({ entry: 'shared', service: 'gateway', target: { kind: 'node' }, status: 503, failure: 'cut' });
    expect(Object.fromEntries(requests.counts('u'))).toEqual({ gateway: 3, account: 1, payment: 1 });
    expect(Object.fromEntries(requests.counts('other'))).toEqual({});
  });

  it('knows when the gateway was last asked; calls from inside alone are no activity', () => {
    const requests = book();
    requests.add(view({ entry: 'inside', from: 5_000 }));
    expect(requests.lastRequestAt('u')).toBeUndefined();
    requests.add(view({ entry: 'gateway', from: 2_000 }));
    requests.add(view({ entry: 'gateway', from: 1_000 }));
    expect(requests.lastRequestAt('u')).toBe(new Date(START + 2_000).toISOString());
  });

  it('shows the newest first, of one service where asked, and keeps 500 of each sandbox', () => {
    const requests = book();
    for (let index = 0; index < 1_200; index++) requests.add(view({ path: `/${index}`, from: index, service: index % 2 === 0 ? 'account' : 'payment' }));
    expect(requests.newest('u', { limit: 2 }).map(({ path }) => path)).toEqual(['/1199', '/1198']);
    expect(requests.newest('u', { limit: 2, service: 'account' }).map(({ path }) => path)).toEqual(['/1198', '/1196']);
    expect(requests.newest('u', { limit: 9_999 })).toHaveLength(500);
  });

  it('forgets a sandbox, and nobody keeps a request without one', () => {
    const requests = book();
    requests.add(view({ entry: 'gateway' }));
    const { sandboxUid: _none, ...nobodys } = view();
    requests.add(nobodys);
    requests.forget('u');
    expect(requests.newest('u', { limit: 10 })).toEqual([]);
    expect([requests.counts('u').size, requests.lastRequestAt('u')]).toEqual([0, undefined]);
  });

  it('stays within its bounds over all sandboxes, at the cost of those that were quiet longest', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 }), (uids) => {
        const requests = book({ perSandbox: 10, total: 40, sandboxes: 5 });
        for (const uid of uids) requests.add(view({ sandboxUid: `u${uid}` }));
        const kept = Array.from({ length: 10 }, (_, uid) => requests.newest(`u${uid}`, { limit: 99 }).length);
        expect(kept.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(40);
        expect(kept.filter((count) => count > 0).length).toBeLessThanOrEqual(5);
        const last = uids.at(-1);
        if (last !== undefined) expect(kept[last]).toBeGreaterThan(0);
      }),
    );
  });
});

describe('intake from agents', () => {
  const request = (seq: number): EdgeRequest => {
    const { node: _node, ...rest } = view({ path: `/${seq}` });
    return { ...rest, seq };
  };
  const message = (bootId: string, seqs: number[]): RequestsMessage => ({ type: 'requests', bootId, requests: seqs.map(request), missed: 1 });

  it('takes each request of each boot of each node once, however often it is sent', async () => {
    const delivery = fc.record({ node: fc.constantFrom('a', 'b'), from: fc.integer({ min: 1, max: 30 }), count: fc.integer({ min: 0, max: 30 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { maxLength: 20 }), async (deliveries) => {
        const taken: RequestView[] = [];
        const intake = new RequestIntake({ book: { add: () => undefined }, onNew: (fresh) => Promise.resolve(void taken.push(...fresh)) });
        const highest: Record<string, number> = { a: 0, b: 0 };
        for (const { node, from, count } of deliveries) {
          // An agent sends in order, and from an earlier place again after a reconnect: never with a gap.
          const first = Math.min(from, (highest[node] ?? 0) + 1);
          const seqs = Array.from({ length: count }, (_, index) => first + index);
          highest[node] = Math.max(highest[node] ?? 0, ...seqs);
          await intake.take(node, message('boot', seqs));
        }
        for (const node of ['a', 'b']) {
          const seqs = taken.filter((each) => each.node === node).map(({ seq }) => seq);
          expect(seqs).toEqual(Array.from({ length: highest[node] ?? 0 }, (_, index) => index + 1));
        }
        expect([intake.taken, intake.missed]).toEqual([taken.length, deliveries.length]);
      }),
    );
  });

  it('counts anew for a new boot, and leaves out what is no request', async () => {
    const taken: RequestView[] = [];
    const intake = new RequestIntake({ book: { add: (each) => void taken.push(each) }, onNew: () => Promise.resolve() });
    await intake.take('a', message('boot-1', [1, 2]));
    await intake.take('a', message('boot-2', [1]));
    const nonsense = [null, 7, {}, { ...request(9), at: 'yesterday' }, { ...request(9), target: null }, { ...request(9), seq: 'x' }];
    await intake.take('a', { type: 'requests', bootId: 'boot-2', requests: nonsense as EdgeRequest[], missed: Number.NaN });
    await intake.take('a', { type: 'requests', bootId: 'boot-2', missed: 0 } as unknown as RequestsMessage);
    expect(taken.map(({ seq }) => seq)).toEqual([1, 2, 1]);
  });

  it('gathers one id over nodes and sandboxes while somebody waits for it', async () => {
    const intake = new RequestIntake({ book: { add: () => undefined }, onNew: () => Promise.resolve() });
    const collection = intake.collect('trace-1');
    await intake.take('a', { ...message('b', []), requests: [{ ...request(1), id: 'trace-1' }, request(2)] });
    await intake.take('b', { ...message('b', []), requests: [{ ...request(1), id: 'trace-1', sandboxUid: 'another' }] });
    expect(collection.requests.map(({ node }) => node)).toEqual(['a', 'b']);
    collection.end();
    expect(intake.collecting).toBe(0);
  });
});
