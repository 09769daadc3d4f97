import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EdgeRoutes, EdgeTarget } from '#schema/wire/commands';
import { computeMaps, namesToResolve, type EdgeView, type KnownContainer } from '#agents/edge/compute-maps';
import { diffMaps, EMPTY_MAPS, type MapWrite } from '#agents/edge/diff-maps';
import type { MapName } from '#agents/edge/paths';
import { FIELD } from '#agents/edge/target-value';

const ref = (uid: string) => ({ uid, slug: uid, name: uid.toUpperCase() });
const view = (routes: EdgeRoutes[], more: Partial<EdgeView> = {}): EdgeView => ({
  routes,
  containers: new Map(),
  addresses: new Map(),
  ...more,
});
const inside = (target: EdgeTarget, more: Partial<EdgeView> = {}): string => {
  const routes = { sandbox: ref('u1'), revision: 1, subnet: '10.213.0.0/26', inside: { account: target }, outside: {} };
  return computeMaps(view([routes], more)).inside.get('u1/account') ?? '';
};

describe('map values', () => {
  const target: EdgeTarget = { kind: 'container', container: 'sandbox-u1-account', port: 8080 };
  const known = (state: string, address?: string) => ({ containers: new Map([['sandbox-u1-account', { state, address }]]) });

  it('lead to the address that a container has now', () => {
    expect(inside(target, known('running', '10.213.0.3'))).toBe('u1|account|container|10.213.0.3|8080|||');
  });

  it.each([
    ['exited', 'stopped'],
    ['created', 'starting'],
    ['restarting', 'restarting'],
  ])('explain a container that is %s as %s', (state, word) => {
    expect(decodeURIComponent(inside(target, known(state)))).toBe(`u1|account|unavailable|||||The container sandbox-u1-account is ${word}`);
  });

  it('explain a missing container', () => {
    expect(decodeURIComponent(inside(target))).toContain('There is no container sandbox-u1-account now');
  });

  it('prefer a switched address until the list of containers shows it', () => {
    const moved = new Map([['sandbox-u1-account', { from: '10.213.0.3', to: '10.213.0.9' }]]);
    expect(inside(target, { ...known('running', '10.213.0.3'), moved })).toContain('|10.213.0.9|');
    expect(inside(target, { ...known('running', '10.213.0.7'), moved })).toContain('|10.213.0.7|');
  });

  it('hold host, certificate name and path prefix of a URL', () => {
    const addresses = new Map([['pay.example', '10.1.2.3']]);
    expect(inside({ kind: 'url', url: 'https://pay.example/base/' }, { addresses })).toBe('u1|account|https|10.1.2.3|443|pay.example|/base|');
    expect(inside({ kind: 'url', url: 'http://pay.example:8081' }, { addresses })).toBe('u1|account|http|10.1.2.3|8081|pay.example:8081||');
    expect(inside({ kind: 'url', url: 'http://pay.example/a b|c;d\\e' }, { addresses })).toMatch(/\|\/a%20b%7Cc%3Bd\/e\|$/);
  });

  it('say which name cannot be resolved', () => {
    expect(decodeURIComponent(inside({ kind: 'url', url: 'https://pay.example' }))).toContain('unresolved|||||The name pay.example cannot');
  });

  it('never pass a user name of a URL on', () => {
    const value = inside({ kind: 'url', url: 'https://joe:secret@pay.example' }, { addresses: new Map([['pay.example', '10.1.2.3']]) });
    expect(value).toContain('|unavailable|');
    expect(value).not.toContain('secret');
  });

  it('name the sandbox that a port of another node belongs to', () => {
    const addresses = new Map([['172.18.136.92', '172.18.136.92']]);
    expect(inside({ kind: 'node', address: '172.18.136.92', port: 9001 }, { addresses })).toBe('u1|account|node|172.18.136.92|9001|||');
    expect(inside({ kind: 'node', address: '172.18.136.92', port: 9001, sandbox: 'u2' }, { addresses })).toMatch(/^u2\|account\|node/);
  });
});

const uid = fc.constantFrom('u1', 'u2', 'u3', 'u4');
const service = fc.constantFrom('account', 'payment', 'User_1');
const target: fc.Arbitrary<EdgeTarget> = fc.oneof(
  fc.record({
    kind: fc.constant('container' as const),
    container: fc.tuple(uid, service).map(([u, s]) => `sandbox-${u}-${s}`),
    port: fc.integer({ min: 1, max: 65535 }),
  }),
  fc.record({ kind: fc.constant('unavailable' as const), reason: fc.string({ unit: 'grapheme' }) }),
  fc.record({ kind: fc.constant('url' as const), url: fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string()) }),
  fc.record({ kind: fc.constant('node' as const), address: fc.constantFrom('10.9.9.9', 'node.example'), port: fc.integer({ min: 1, max: 65535 }) }),
);
const routesArbitrary: fc.Arbitrary<EdgeRoutes> = fc.record({
  sandbox: uid.map(ref),
  revision: fc.nat(),
  subnet: fc.integer({ min: 0, max: 3 }).map((n) => `10.213.0.${n * 64}/26`),
  inside: fc.dictionary(service, target),
  outside: fc.dictionary(fc.constantFrom('8080', '8081', '9001', '9002'), fc.record({ service, kind: fc.constantFrom('gateway' as const, 'service' as const), target })),
});
const containers: fc.Arbitrary<Map<string, KnownContainer>> = fc
  .array(fc.tuple(uid, service, fc.boolean()), { maxLength: 12 })
  .map((list) => new Map(list.map(([u, s, up], i) => [`sandbox-${u}-${s}`, { state: up ? 'running' : 'exited', address: up ? `10.213.9.${i + 1}` : undefined }])));
const views: fc.Arbitrary<EdgeView> = fc.record({
  routes: fc.uniqueArray(routesArbitrary, { selector: (each) => each.sandbox.uid, maxLength: 4 }),
  containers,
  addresses: fc.constantFrom(new Map<string, string>(), new Map([['10.9.9.9', '10.9.9.9'], ['node.example', '10.9.9.8']])),
});

describe('maps of any routes', () => {
  it('lead a sandbox to a container only if its own route names that container', () => {
    fc.assert(
      fc.property(views, (given) => {
        const names = new Map([...given.containers].map(([name, { address }]) => [address, name]));
        const { inside: entries, outside, subnets } = computeMaps(given);
        for (const [key, value] of [...entries, ...outside]) {
          const fields = value.split('|');
          expect(fields).toHaveLength(8);
          expect(value).toMatch(/^[^\s;\\]+$/);
          if (fields[FIELD.type - 1] !== 'container') continue;
          const owner = given.routes.find((each) => each.sandbox.uid === (key.includes('/') ? key.split('/')[0] : fields[0]));
          const wanted = key.includes('/')
            ? Object.entries(owner?.inside ?? {}).filter(([name]) => name.toLowerCase().replace('_', '-') === key.split('/')[1]).map(([, each]) => each)
            : [owner?.outside[key]?.target];
          const name = names.get(fields[FIELD.address - 1]);
          expect(wanted.some((each) => each?.kind === 'container' && each.container === name)).toBe(true);
        }
        for (const [subnet, owner] of subnets) {
          expect(given.routes.some((each) => each.sandbox.uid === owner && each.subnet === subnet)).toBe(true);
        }
      }),
    );
  });

  it('are reached by their differences, and no caller is admitted before its entries are there', () => {
    fc.assert(
      fc.property(views, views, (a, b) => {
        const [from, to] = [computeMaps(a), computeMaps(b)];
        const state = Object.fromEntries(Object.entries(from).map(([name, map]) => [name, new Map(map)])) as Record<MapName, Map<string, string>>;
        for (const write of diffMaps(from, to)) {
          perform(state, write);
          if (write.map === 'subnets' && write.action !== 'del') expect(state.inside).toEqual(to.inside);
        }
        expect(state).toEqual(to);
        expect(diffMaps(to, to)).toEqual([]);
      }),
    );
  });

  it('never fail, whatever a URL or a reason holds', () => {
    fc.assert(fc.property(views, (given) => void namesToResolve(given.routes)));
  });

  it('are one write apart after a flip', () => {
    const base = { sandbox: ref('u1'), revision: 1, subnet: '10.213.0.0/26', outside: {} };
    const reason = (text: string) => computeMaps(view([{ ...base, inside: { account: { kind: 'unavailable', reason: text } } }]));
    expect(diffMaps(reason('a'), reason('b'))).toEqual([
      { map: 'inside', action: 'set', key: 'u1/account', value: 'u1|account|unavailable|||||b' },
    ]);
    expect(diffMaps(reason('a'), EMPTY_MAPS).map((write) => write.map)).toEqual(['subnets', 'inside', 'sandboxes']);
  });

  it('give a port that two sandboxes claim to the later order', () => {
    const claim = (uidOf: string): EdgeRoutes => ({
      sandbox: ref(uidOf), revision: 1, inside: {}, outside: { 8080: { service: 'gateway', kind: 'gateway', target: { kind: 'unavailable', reason: 'x' } } },
    });
    expect(computeMaps(view([claim('u1'), claim('u2')])).outside.get('8080')).toMatch(/^u2\|/);
  });
});

function perform(state: Record<MapName, Map<string, string>>, write: MapWrite): void {
  const map = state[write.map];
  expect(map.has(write.key)).toBe(write.action !== 'add');
  if (write.action === 'del') map.delete(write.key);
  else map.set(write.key, write.value);
}
