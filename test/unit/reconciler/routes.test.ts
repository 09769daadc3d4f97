/** Faults, verification, the shared port and what edges say of targets that are not there. */
import { describe, expect, it } from 'vitest';
import type { EdgeRoutes } from '#schema/wire/commands';
import type { TargetCheck } from '#schema/wire/report';
import { freshWorlds, type TestWorld } from './support/world.ts';

const SPEC = { services: { account: { branch: 'feature' } } };
describe('routes', () => {
  let world: TestWorld;
  freshWorlds((made) => (world = made));

  const applied = (engine: string, name = 'QA'): EdgeRoutes | null | undefined =>
    world.fleet.engines.get(engine)!.applied.get(world.store.sandbox(name).metadata.uid) as EdgeRoutes | null | undefined;
  const routesSent = (): number => world.fleet.commands('routes').length;
  const check = (more: Partial<TargetCheck> = {}): TargetCheck => ({
    ok: true, at: new Date().toISOString(), step: 'answer', message: 'It answers 200.', status: 200, durationMs: 3, ...more,
  });
  const checked = (engine: string, checks: Record<string, TargetCheck>): void => {
    world.fleet.engines.get(engine)!.checks = { [world.store.sandbox('QA').metadata.uid]: checks };
    world.fleet.reportAll();
  };

  it('carry a fault to this sandbox alone until it ends, and nothing restarts', async () => {
    world.apply('QA', SPEC);
    world.apply('OTHER', SPEC);
    await world.up();
    const before = world.fleet.sent.length;
    const until = new Date(Date.now() + 60_000).toISOString();
    world.entries('QA', { payment: { fault: { status: 503, percent: 50, until } } });
    await world.pass(150);
    expect(applied('engine-g')?.faults).toEqual({ payment: { kind: 'status', status: 503, percent: 50, until } });
    expect(applied('engine-m')?.faults).toEqual(applied('engine-g')?.faults);
    expect(applied('engine-g', 'OTHER')?.faults).toBeUndefined();
    expect(applied('engine-g')?.inside['payment']).toEqual({ kind: 'url', url: 'https://payment.example.com' });
    await world.pass(1_000);
    expect(world.status('QA').services.payment?.route).toMatchObject({ target: 'ocp', fault: { kind: 'status', status: 503, percent: 50, until } });
    expect((await world.reconciler.routes('qa')).find((view) => view.service === 'payment')?.fault).toMatchObject({ until });

    await world.pass(58_650);
    expect(applied('engine-g')?.faults).toBeDefined();
    await world.pass(400);
    expect(applied('engine-g')?.faults).toBeUndefined();
    await world.pass(200);
    expect(world.status('QA').services.payment?.route?.fault).toBeUndefined();
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    expect([...new Set(world.fleet.sent.slice(before).map((item) => item.command.type))]).toEqual(['routes']);
  });

  it('end a fault without an end one hour after the last write of the Route', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.entries('QA', { payment: { target: 'ocp', fault: { delay: '2s' } } });
    await world.pass(1_000);
    expect(applied('engine-m')?.faults).toEqual({ payment: { kind: 'delay', ms: 2_000, percent: 100, until: '2026-01-01T01:01:00.000Z' } });
    await world.pass(3_599_000 + 300);
    expect(applied('engine-m')?.faults).toBeUndefined();
  });

  it('say in the plan and in the status where a delay does nothing', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.fleet.engines.get('engine-m')!.cannotDelay = true;
    world.fleet.reportAll();
    const said = expect.stringMatching(/^Requests for payment from containers on micro-1 are not delayed: .* built without Lua\. Load an edge image/) as string;
    const plan = await world.reconciler.preview(
      [{ apiVersion: 'sdp/v1', kind: 'Route', metadata: { name: 'QA' }, spec: { routes: { payment: { fault: { delay: '2s' } }, account: { fault: { status: 503 } } } } }],
      'qa',
      'ada',
    );
    expect(plan.warnings).toEqual([said]);
    world.entries('QA', { payment: { fault: { delay: '2s' } } });
    await world.pass(1_000);
    expect(world.status('QA').services.payment?.route?.faultProblem).toEqual(said);
    delete world.fleet.engines.get('engine-m')!.cannotDelay;
    world.fleet.reportAll();
    await world.pass(1_000);
    expect(world.status('QA').services.payment?.route).not.toHaveProperty('faultProblem');
  });

  it('link to the sandbox, name the health paths, and say why a container is not there', async () => {
    world.store.put({ apiVersion: 'sdp/v1', kind: 'Service', metadata: { name: 'account' }, spec: { baseline: 'https://account.example.com', health: '/healthz' } });
    world.logins.clear();
    world.apply('QA', SPEC);
    await world.up();
    const words = (): string | undefined => {
      const target = applied('engine-m')?.inside['account'];
      return target?.kind === 'container' ? target.otherwise : undefined;
    };
    expect(applied('engine-m')).toMatchObject({ link: 'https://sdp.example.com/sandboxes/qa', health: { account: '/healthz' } });
    expect(words()).toBe('account is not there yet: feature has to be fetched first, with the login of ada.');
    world.logins.set('ada', { username: 'ada', password: 'secret' });
    await world.pass(60_000);
    expect(words()).toBe('account is being built or started in sandbox QA.');
    const sent = routesSent();
    world.push('account', 'feature', 'bad1');
    world.deploy('QA', ['account']);
    await world.pass(60_000);
    expect(words()).toBe('account failed: bad1 does not compile; see https://sdp.example.com/sandboxes/qa.');
    // Neither at the fetch nor at the build, only when it failed; the revision of the deploy is one more on both engines.
    expect(routesSent() - sent).toBe(3);
  });

  it('are written once for a whole first deployment after the fetch', async () => {
    world.apply('QA', SPEC);
    await world.up();
    // Ports are claimed at once, so the routes are there before the fetch; after it the words change once.
    const perEngine = world.fleet.sent.filter(({ command }) => command.type === 'routes').map(({ node }) => node);
    expect(perEngine.filter((node) => node === 'micro-1').length).toBeLessThanOrEqual(2);
    expect(perEngine.filter((node) => node === 'gateway-1').length).toBeLessThanOrEqual(2);
  });

  it('serve the shared port on every engine with a gateway node, and wait for none of those', async () => {
    world.fleet.addAgent('gateway-2', 'GATEWAY', 'engine-h', {});
    world.fleet.faults.failure = (command) => (command.type === 'routes' && command.routes?.subnet === undefined ? 'edge_failed' : undefined);
    world.apply('QA', SPEC);
    await world.up();
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    expect(world.status('QA').sync).toBe('Synced');
    world.fleet.faults = {};
    await world.pass(70_000);
    expect(applied('engine-g')?.shared).toMatchObject({ kind: 'container', container: 'sandbox-qa-gateway' });
    expect(applied('engine-h')).toMatchObject({ inside: {}, outside: {}, shared: { kind: 'node', address: '192.0.2.1', port: 8080 } });
    expect(applied('engine-m')?.shared).toBeUndefined();

    world.store.markDeleted('QA');
    await world.pass(60_000);
    for (const engine of ['engine-g', 'engine-h', 'engine-m']) expect(world.fleet.engines.get(engine)!.routes).toEqual({});
  });

  it('are taken away where nothing of the sandbox lives any more', async () => {
    const second = world.fleet.addAgent('gateway-2', 'GATEWAY', 'engine-h', {});
    world.apply('QA', SPEC);
    await world.up();
    second.type = 'INFRA';
    world.fleet.reportAll();
    await world.pass(1_000);
    expect(world.fleet.engines.get('engine-h')!.routes).toEqual({});
  });

  it('say since when they are as they are, over restarts of the server', async () => {
    world.apply('QA', SPEC);
    await world.up();
    const since = (service: string): string | undefined => world.status('QA').services[service]?.route?.since;
    expect(since('payment')).toBe('2026-01-01T00:00:00.000Z');
    await world.restartServer();
    world.connectAll();
    await world.pass(60_000);
    expect(since('payment')).toBe('2026-01-01T00:00:00.000Z');
    const flipped = new Date().toISOString();
    world.route('QA', { account: 'ocp' });
    await world.pass(1_000);
    expect(since('account')).toBe(flipped);
    expect(since('payment')).toBe('2026-01-01T00:00:00.000Z');
    const views = await world.reconciler.routes('qa');
    expect(views.find((view) => view.service === 'account')).toMatchObject({ target: 'ocp', since: flipped });
  });

  it('are Unknown before a check, True when all answer, and False by name when one does not', async () => {
    world.apply('QA', SPEC);
    await world.up();
    expect(world.condition('QA', 'RoutesReachable')).toBe('Unknown NotChecked');
    checked('engine-g', { payment: check(), account: check() });
    await world.pass(1_000);
    expect(world.condition('QA', 'RoutesReachable')).toBe('True AllAnswer');
    expect(world.status('QA').health).toBe('Healthy');
    expect(world.status('QA').services.payment?.route?.verified).toMatchObject({ ok: true });

    const lost = check({ ok: false, step: 'connect', message: 'Nothing listens at 192.0.2.9:443.' });
    checked('engine-g', { payment: lost, account: check() });
    await world.pass(1_000);
    const message = (): string | undefined => world.status('QA').conditions.find((item) => item.type === 'RoutesReachable')?.message;
    // Nobody asked for payment here: a baseline that is down is told, and is no fault of this sandbox.
    expect(world.condition('QA', 'RoutesReachable')).toBe('False BaselineUnreachable');
    expect(message()).toContain('payment (https://payment.example.com): Nothing listens at 192.0.2.9:443.');
    expect(world.status('QA')).toMatchObject({ health: 'Healthy', sync: 'Synced' });
    world.route('QA', { payment: 'ocp' });
    await world.pass(1_000);
    expect(world.condition('QA', 'RoutesReachable')).toBe('False TargetUnreachable');
    expect(message()).toBe('payment (https://payment.example.com): Nothing listens at 192.0.2.9:443.');
    expect(world.status('QA')).toMatchObject({ health: 'Degraded', sync: 'Synced' });
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    expect((await world.reconciler.routes('qa')).find((view) => view.service === 'payment')?.verified).toEqual(lost);

    // A check of the former target says nothing of the new one.
    world.route('QA', { payment: 'https://mine.example.com' });
    await world.pass(50);
    expect((await world.reconciler.routes('qa')).find((view) => view.service === 'payment')?.verified).toBeUndefined();
  });

  it('prefer the check of the edge where the gateway is, and do not write a status for every repetition', async () => {
    world.apply('QA', SPEC);
    await world.up();
    checked('engine-m', { payment: check({ ok: false, step: 'resolve', message: 'no name' }) });
    await world.pass(1_000);
    expect(world.status('QA').services.payment?.route?.verified).toMatchObject({ ok: false });
    checked('engine-g', { payment: check() });
    await world.pass(1_000);
    expect(world.status('QA').services.payment?.route?.verified).toMatchObject({ ok: true });
    const writes = world.store.statusWrites;
    for (let round = 0; round < 3; round += 1) {
      await world.pass(45_000);
      checked('engine-g', { payment: check({ durationMs: round }) });
    }
    await world.pass(1_000);
    expect(world.store.statusWrites).toBe(writes);
    await world.pass(60_000);
    checked('engine-g', { payment: check() });
    await world.pass(1_000);
    expect(world.store.statusWrites).toBe(writes + 1);
    // The answer to a person is the newest, whatever the status says.
    await world.pass(30_000);
    checked('engine-g', { payment: check() });
    expect((await world.reconciler.routes('qa')).find((view) => view.service === 'payment')?.verified?.at).toBe(new Date().toISOString());
  });

  it("lead a person's own port to the sandbox that they use, and no longer to the former one", async () => {
    world.fleet.addAgent('gateway-2', 'GATEWAY', 'engine-h', {});
    world.apply('QA', SPEC);
    world.apply('OTHER', SPEC);
    await world.up();
    const uidOf = (name: string): string => world.store.sandbox(name).metadata.uid;
    const before = world.fleet.sent.length;
    const use = (name: string): void => {
      world.store.use('ana', 'engine-g', 8500, uidOf(name));
      world.store.use('ben', 'engine-h', 8501, uidOf(name));
      for (const one of [name, 'QA']) world.reconciler.enqueue(uidOf(one));
    };
    use('QA');
    await world.pass(300);
    expect(applied('engine-g')?.outside['8500']).toMatchObject({ service: 'gateway', kind: 'gateway', target: { kind: 'container', container: 'sandbox-qa-gateway' } });
    expect(applied('engine-h')?.outside).toEqual({ '8501': { service: 'gateway', kind: 'gateway', target: { kind: 'node', address: '192.0.2.1', port: world.status('QA').gateway?.port } } });
    expect(applied('engine-m')?.outside['8500']).toBeUndefined();
    use('OTHER');
    // Until the new routes are in force, the former ones stay: no request meets neither.
    world.fleet.faults.duration = () => 1_000;
    await world.pass(900);
    expect(applied('engine-g')?.outside['8500']).toBeDefined();
    await world.pass(200);
    expect(applied('engine-g', 'OTHER')?.outside['8500']).toBeDefined();
    expect(applied('engine-g')?.outside['8500']).toBeDefined();
    await world.pass(5_000);
    expect(world.store.personalRows.every((row) => row.formerUid === undefined)).toBe(true);
    // To and fro faster than edges answer: at any moment somebody has the port.
    const leads = (): boolean => ['QA', 'OTHER'].some((name) => applied('engine-g', name)?.outside['8500'] !== undefined);
    const gaps: number[] = [];
    for (let step = 0; step < 200; step += 1) {
      if (step % 13 === 0) use((step / 13) % 2 === 0 ? 'QA' : 'OTHER');
      await world.pass(100);
      if (!leads()) gaps.push(step);
    }
    expect(gaps).toEqual([]);
    use('OTHER');
    await world.pass(10_000);
    expect(applied('engine-g', 'OTHER')?.outside['8500']).toMatchObject({ target: { container: 'sandbox-other-gateway' } });
    expect(applied('engine-g')?.outside['8500']).toBeUndefined();
    expect(applied('engine-h')?.outside).toEqual({});
    expect([...new Set(world.fleet.sent.slice(before).map((item) => item.command.type))]).toEqual(['routes']);
  });
});

describe('ports', () => {
  let world: TestWorld;
  freshWorlds((made) => (world = made));
  const spec = (services: string[]): { services: Record<string, { branch: string }> } => ({
    services: Object.fromEntries(services.map((service) => [service, { branch: 'develop' }])),
  });
  const preview = (name: string, services: string[]) =>
    world.reconciler.preview([{ apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name }, spec: spec(services) }], name.toLowerCase(), 'ada');

  it('are kept over a restart of the server and over suspension', async () => {
    world.apply('QA', spec(['account']));
    await world.up();
    const held = structuredClone(world.store.portRows);
    world.apply('QA', { ...spec(['account']), run: 'suspended' });
    await world.pass(60_000);
    expect(world.status('QA').health).toBe('Suspended');
    await world.restartServer();
    world.connectAll();
    await world.pass(60_000);
    world.apply('QA', spec(['account']));
    await world.pass(60_000);
    expect(world.store.portRows).toEqual(held);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
  });

  it('that are stolen between allocation and start are exchanged, and the log says so', async () => {
    world.fleet.faults.duration = (command) => (command.type === 'build' ? 30_000 : 100);
    world.apply('QA', spec(['account']));
    await world.start();
    world.connectAll();
    await world.pass(10_000);
    expect(world.store.portRows.map((row) => row.port).sort()).toEqual([8080, 9001]);
    world.fleet.engines.get('engine-m')!.foreignPorts = [9001];
    world.fleet.reportAll();
    await world.pass(60_000);
    expect(world.status('QA').services.account).toMatchObject({ state: 'RUNNING', port: 9002 });
    expect(world.logs).toContain('Port 9001 of account on micro-1 is held by another process now: account has port 9002 instead.');
  });

  it('that run out are an error of the plan, before anything stops', async () => {
    world.fleet.engines.get('engine-m')!.foreignPorts = Array.from({ length: 997 }, (_, index) => 9003 + index);
    await world.up();
    world.store.personalRows = [{ user: 'ana', engine: 'engine-m', port: 9002, sandboxUid: 'x', allocatedAt: '' }];
    expect((await preview('QA', ['account'])).blocked.filter((item) => item.code === 'port_pool_exhausted')).toEqual([]);
    const plan = await preview('QA', ['account', 'payment', 'user']);
    expect(plan.blocked.filter((item) => item.code === 'port_pool_exhausted')).toEqual([
      { service: 'payment', code: 'port_pool_exhausted', reason: expect.stringContaining('No service port between 9001 and 9999 is free for payment on micro-1; delete') as string },
      { service: 'user', code: 'port_pool_exhausted', reason: expect.any(String) as string },
    ]);
    // The real thing says the same, and what runs goes on.
    world.store.personalRows = [];
    world.apply('QA', spec(['account', 'payment']));
    await world.pass(60_000);
    const running = world.container('QA', 'account')?.id;
    world.apply('QA', spec(['account', 'payment', 'user']));
    await world.pass(60_000);
    expect(world.condition('QA', 'Blocked')).toBe('True InTheWay');
    expect(world.container('QA', 'account')?.id).toBe(running);
    expect(world.fleet.commands('stop')).toEqual([]);
    expect(world.fleet.commands('remove')).toEqual([]);
  });

  it('never include the one that serves all sandboxes', async () => {
    const report = world.fleet.nodes.bind(world.fleet);
    world.fleet.nodes = () => report().map((node) => (node.state ? { ...node, state: { ...node.state, edge: { ...node.state.edge, sharedPort: 8080 } } } : node));
    world.apply('QA', {});
    await world.up();
    expect(world.status('QA').gateway?.port).toBe(8081);
  });
});
