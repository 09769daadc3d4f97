/** Seeded histories with faults: what must never happen never does, and when the faults end the world settles. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Command } from '#schema/wire/commands';
import type { ErrorCode } from '#schema/errors';
import type { SandboxSpec } from '#schema/documents';
import { containerName } from '#schema/names';
import type { EdgeRoutes } from '#schema/wire/commands';
import { TestWorld } from './support/world.ts';

/** A failing seed is replayed with FC_SEED=..., as fast-check prints it. */
const SEED = process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) };
const RUNS = Number(process.env['FC_RUNS'] ?? 60);

const service = fc.constantFrom('account', 'payment', 'user');
const node = fc.constantFrom('gateway-1', 'gateway-2', 'micro-1', 'micro-2', 'micro-3');
const wanted = fc.record({
  branch: fc.constantFrom('develop', 'feature'),
  run: fc.constantFrom<'started' | 'stopped'>('started', 'started', 'stopped'),
});
const pinned = fc.record({
  branch: fc.constantFrom('develop', 'feature'),
  node: fc.constantFrom('micro-1', 'micro-2', 'micro-3'),
});
const spec: fc.Arbitrary<SandboxSpec> = fc.record({
  services: fc
    .tuple(fc.dictionary(service, wanted, { maxKeys: 3 }), fc.option(pinned))
    .map(([services, account]) => (account ? { ...services, account } : services)),
  run: fc.constantFrom<'active' | 'suspended'>('active', 'active', 'active', 'suspended'),
  variables: fc.dictionary(fc.constantFrom('A', 'B'), fc.constantFrom('1', '2'), { maxKeys: 2 }),
});
const sandbox = fc.constantFrom('one', 'two');

type Happening =
  | { kind: 'apply'; sandbox: string; spec: SandboxSpec }
  | { kind: 'deploy' | 'delete'; sandbox: string }
  | { kind: 'push'; service: string; commit: string }
  | { kind: 'route'; sandbox: string; service: string; target: 'ocp' | 'sandbox' }
  | { kind: 'fault'; sandbox: string; service: string; ms: number }
  | { kind: 'use'; sandbox: string; engine: string }
  | { kind: 'removeByHand' | 'exit'; sandbox: string; service: string }
  | { kind: 'disconnect' | 'connect'; node: string }
  | { kind: 'restartServer' | 'logout' | 'login' }
  | { kind: 'wait'; ms: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('apply' as const), sandbox, spec }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deploy' as const), sandbox }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      service,
      commit: fc.constantFrom('c1', 'c2', 'bad1', 'crash1'),
    }),
  },
  fc.record({
    kind: fc.constant('route' as const),
    sandbox,
    service,
    target: fc.constantFrom('ocp' as const, 'sandbox' as const),
  }),
  fc.record({ kind: fc.constant('fault' as const), sandbox, service, ms: fc.constantFrom(50, 5_000, 300_000) }),
  fc.record({ kind: fc.constant('use' as const), sandbox, engine: fc.constantFrom('engine-g', 'engine-h') }),
  fc.record({ kind: fc.constantFrom('removeByHand' as const, 'exit' as const), sandbox, service }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('disconnect' as const, 'connect' as const), node }) },
  fc.record({ kind: fc.constantFrom('restartServer' as const, 'logout' as const, 'login' as const) }),
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(10, 150, 1_000, 7_000, 60_000) }),
  },
);

/** What the agents' luck is: read in order, over and over. */
const luck = fc.array(fc.constantFrom('ok', 'ok', 'ok', 'ok', 'lost', 'engine_failed', 'precondition_failed', 'slow'), {
  minLength: 1,
  maxLength: 12,
});

function exists(world: TestWorld, name: string): boolean {
  const document = world.store.documents.get(`Sandbox/${name}`);
  return document !== undefined && document.metadata.deletedAt === undefined;
}

function happen(world: TestWorld, item: Exclude<Happening, { kind: 'wait' | 'restartServer' }>): void {
  switch (item.kind) {
    case 'apply': {
      const deleting = world.store.documents.get(`Sandbox/${item.sandbox}`)?.metadata.deletedAt;
      return deleting === undefined ? void world.apply(item.sandbox, item.spec) : undefined;
    }
    case 'delete':
      return exists(world, item.sandbox) ? world.store.markDeleted(item.sandbox) : undefined;
    case 'deploy':
      return exists(world, item.sandbox) ? world.deploy(item.sandbox) : undefined;
    case 'push':
      world.push(item.service, 'develop', item.commit);
      return world.push(item.service, 'feature', item.commit);
    case 'route':
      return world.store.documents.has(`Sandbox/${item.sandbox}`)
        ? world.route(item.sandbox, { [item.service]: item.target })
        : undefined;
    case 'fault': {
      const until = new Date(Date.now() + item.ms).toISOString();
      return world.store.documents.has(`Sandbox/${item.sandbox}`)
        ? world.entries(item.sandbox, { [item.service]: { fault: { status: 503, until } } })
        : undefined;
    }
    case 'use': {
      const uid = world.store.documents.get(`Sandbox/${item.sandbox}`)?.metadata.uid;
      if (uid === undefined) return;
      const former = world.store.personalRows.map((row) => row.sandboxUid);
      world.store.use('ana', item.engine, 8900, uid);
      for (const each of [uid, ...former]) world.reconciler.enqueue(each);
      return;
    }
    case 'removeByHand':
      return world.fleet.removeByHand(containerName(item.sandbox, item.service));
    case 'exit':
      for (const container of world.fleet.all()) {
        if (container.name === containerName(item.sandbox, item.service)) container.state = 'exited';
      }
      return world.fleet.reportAll();
    case 'disconnect':
      return world.fleet.disconnect(item.node);
    case 'connect':
      return world.fleet.connect(item.node);
    case 'logout':
      return world.logins.clear();
    case 'login':
      return void world.logins.set('ada', { username: 'ada', password: 'secret' });
  }
}

/** Watches every stop and removal: what it takes must be unwanted, or have a running successor. */
function watchTakedowns(world: TestWorld): void {
  const { fleet, store } = world;
  const send = fleet.send.bind(fleet);
  Object.assign(fleet, {
    send: (name: string, command: Command) => {
      const id =
        command.type === 'stop'
          ? command.containerId
          : command.type === 'remove' && command.object.kind === 'container'
          ? command.object.id
          : undefined;
      const taken = id === undefined ? undefined : fleet.all().find((item) => item.id === id);
      const document = [...store.documents.values()].find((item) => item.metadata.uid === taken?.sandboxUid);
      const deleting = document?.metadata.deletedAt !== undefined;
      if (
        taken?.state === 'running' &&
        document?.kind === 'Sandbox' &&
        !deleting &&
        document.spec.run !== 'suspended'
      ) {
        const want = taken.service === 'gateway' ? { run: 'started' } : document.spec.services?.[taken.service ?? ''];
        const successor = fleet
          .all()
          .some(
            (item) =>
              item.id !== id &&
              item.state === 'running' &&
              item.sandboxUid === taken.sandboxUid &&
              item.service === taken.service,
          );
        if (want && want.run !== 'stopped' && !successor)
          fleet.violations.push(`${command.type} takes ${taken.name} out of service`);
      }
      return send(name, command as never);
    },
  });
}

async function play(history: readonly Happening[], outcomes: readonly string[]): Promise<TestWorld> {
  const world = new TestWorld();
  world.fleet.addAgent('micro-2', 'MICRO', 'engine-2', {
    account: { develop: 'a1', feature: 'a2' },
    payment: { develop: 'p1', feature: 'p2' },
  });
  // Shares its engine with gateway-1, which runs the edge there.
  world.fleet.addAgent('micro-3', 'MICRO', 'engine-g', { account: { develop: 'a1', feature: 'a2' } });
  // Serves the shared port and people's own, and runs nothing.
  world.fleet.addAgent('gateway-2', 'GATEWAY', 'engine-h', {});
  world.push('payment', 'feature', 'p2');
  world.push('user', 'feature', 'u2');
  watchTakedowns(world);
  let index = 0;
  const next = (): string => outcomes[index++ % outcomes.length] ?? 'ok';
  world.fleet.faults = {
    failure: () => {
      const outcome = next();
      return outcome === 'engine_failed' || outcome === 'precondition_failed'
        ? (outcome satisfies ErrorCode)
        : undefined;
    },
    loseAnswer: () => next() === 'lost',
    duration: (command) => (next() === 'slow' ? 30_000 : command.type === 'build' ? 3_000 : 100),
  };
  await world.start();
  world.connectAll();
  for (const item of history) {
    if (item.kind === 'wait') await world.pass(item.ms);
    else if (item.kind === 'restartServer') await world.restartServer();
    else happen(world, item);
  }
  return world;
}

async function settle(world: TestWorld): Promise<void> {
  world.fleet.faults = {};
  world.logins.set('ada', { username: 'ada', password: 'secret' });
  await world.pass(5_000);
  world.connectAll();
  for (const name of ['account', 'payment', 'user']) {
    world.push(name, 'develop', 'good');
    world.push(name, 'feature', 'good');
  }
  for (const name of ['one', 'two']) if (exists(world, name)) world.deploy(name);
  await world.pass(20 * 60_000);
}

function expectAtRest(world: TestWorld): void {
  const expected: string[] = [];
  for (const document of world.store.documents.values()) {
    if (document.kind !== 'Sandbox') continue;
    const { status, spec: wantedSpec, metadata } = document;
    const started = Object.entries(wantedSpec.services ?? {})
      .filter(([, item]) => item.run !== 'stopped')
      .map(([name]) => name);
    if (wantedSpec.run === 'suspended') {
      expect(status?.health).toBe('Suspended');
      continue;
    }
    expect(status?.conditions.find((item) => item.type === 'Ready')).toMatchObject({ status: 'True' });
    expect(status?.observedGeneration).toBe(metadata.generation);
    expected.push(...['gateway', ...started].map((name) => containerName(metadata.slug, name)));
  }
  const running = world.fleet
    .all()
    .filter((item) => item.state === 'running')
    .map((item) => item.name);
  expect(running.sort()).toEqual(expected.sort());
  const uids = new Set([...world.store.documents.values()].map((document) => document.metadata.uid));
  expect(world.fleet.all().filter((item) => !uids.has(item.sandboxUid ?? ''))).toEqual([]);
  for (const engine of world.fleet.engines.values()) {
    expect(Object.keys(engine.routes).filter((uid) => !uids.has(uid))).toEqual([]);
    expect([...engine.networks.values()].filter((item) => !uids.has(item.sandboxUid ?? ''))).toEqual([]);
  }
  expectRoutesAtRest(world);
  expect(world.store.portRows.filter((row) => !uids.has(row.sandboxUid))).toEqual([]);
  const names = world.fleet.all().map((item) => item.name);
  expect(new Set(names).size).toBe(names.length);
  const ports = world.store.portRows.map((row) => `${row.engine}:${row.port}`);
  expect(new Set(ports).size).toBe(ports.length);
  expect(world.store.deploymentRows.filter((row) => !['RUNNING', 'FAILED', 'STOPPED'].includes(row.state))).toEqual([]);
}

/** No fault outlasts its end, the shared port knows every sandbox, and somebody's port leads where they pointed it. */
function expectRoutesAtRest(world: TestWorld): void {
  const live = [...world.store.documents.values()].filter((document) => document.kind === 'Sandbox');
  for (const [name, engine] of world.fleet.engines) {
    for (const { metadata } of live) {
      const routes = engine.routes[metadata.uid] === undefined ? undefined : (engine.applied.get(metadata.uid) as EdgeRoutes);
      expect(routes?.faults).toBeUndefined();
      if (name === 'engine-g' || name === 'engine-h') expect(routes?.shared).toBeDefined();
      const own = world.store.personalRows.some((row) => row.engine === name && row.sandboxUid === metadata.uid);
      expect(routes?.outside['8900'] !== undefined).toBe(own);
    }
  }
}

describe('histories with faults', () => {
  afterEach(() => void vi.useRealTimers());

  it('never take a service down for lack of knowledge, never touch what is not ours, and always settle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 30 }), luck, async (history, outcomes) => {
        vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
        const world = await play(history, outcomes);
        await settle(world);
        expect(world.errors).toEqual([]);
        expect(world.fleet.violations).toEqual([]);
        expectAtRest(world);
        const sent = world.fleet.sent.length;
        await world.pass(10 * 60_000);
        expect(world.fleet.sent.slice(sent)).toEqual([]);
        await world.reconciler.stop();
        vi.useRealTimers();
      }),
      { numRuns: RUNS, ...SEED },
    );
  }, 120_000);
});
