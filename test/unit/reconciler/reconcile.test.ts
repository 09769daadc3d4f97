import { describe, expect, it } from 'vitest';
import type { EnvironmentSpec } from '#schema/documents';
import { freshWorlds, type TestWorld } from './support/world.ts';

const SPEC = { services: { account: { branch: 'feature' } } };

describe('reconciler', () => {
  let world: TestWorld;
  freshWorlds((made) => (world = made));

  it('brings up gateway and services from their branches and says Ready', async () => {
    world.apply('QA', SPEC);
    await world.up();
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    expect(world.status('QA')).toMatchObject({
      sync: 'Synced',
      health: 'Healthy',
      operation: 'RUNNING',
      observedGeneration: 1,
    });
    expect(world.status('QA').gateway).toMatchObject({
      url: 'http://192.0.2.1:8080',
      state: 'RUNNING',
      commit: 'g1',
      node: 'gateway-1',
    });
    expect(world.status('QA').services.account).toMatchObject({
      state: 'RUNNING',
      commit: 'a2',
      node: 'micro-1',
      port: 9001,
      branch: 'feature',
    });
    expect(world.status('QA').services.payment).toEqual({
      route: {
        target: 'ocp',
        url: 'https://payment.example.com',
        reason: expect.any(String) as string,
        since: '2026-01-01T00:00:00.000Z',
      },
    });
    expect(world.store.deploymentRows.map((row) => [row.service, row.state])).toEqual([
      ['gateway', 'RUNNING'],
      ['account', 'RUNNING'],
    ]);
  });

  it('fetches everything before it builds anything', async () => {
    world.fleet.faults.duration = (command) =>
      command.type === 'fetch' && command.service === 'account' ? 5_000 : 100;
    world.apply('QA', SPEC);
    await world.up();
    const types = world.fleet
      .commands()
      .filter((item) => item.type === 'fetch' || item.type === 'build')
      .map((item) => item.type);
    expect(types).toEqual(['fetch', 'fetch', 'build', 'build']);
    const built = world.fleet.sent.find((item) => item.command.type === 'build')!;
    const fetched = world.fleet.sent.find((item) => item.command.type === 'fetch')!;
    expect(built.at - fetched.at).toBeGreaterThanOrEqual(5_000);
  });

  it('flips a route with one command within 100 ms and touches no container', async () => {
    world.apply('QA', SPEC);
    await world.up();
    const before = world.fleet.sent.length;
    world.route('QA', { account: 'ocp' });
    await world.pass(99);
    const after = world.fleet.sent.slice(before).map((item) => item.command.type);
    expect([...new Set(after)]).toEqual(['routes']);
    await world.pass(1_000);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
  });

  it('flips a route while builds of other services are under way', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.fleet.faults.duration = (command) => (command.type === 'build' ? 600_000 : 50);
    world.push('account', 'feature', 'a3');
    world.deploy('QA', ['account']);
    await world.pass(5_000);
    expect(world.status('QA').services.account?.state).toBe('BUILDING');
    const before = world.fleet.sent.length;
    world.route('QA', { user: 'https://elsewhere.example.com' });
    await world.pass(99);
    expect(world.fleet.sent.slice(before).map((item) => item.command.type)).toEqual(['routes', 'routes']);
  });

  it('resolves a branch anew only when somebody asks', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.push('account', 'feature', 'a3');
    world.apply('QA', { services: { ...SPEC.services, payment: { branch: 'develop' } } });
    await world.pass(60_000);
    expect(world.container('QA', 'account')?.commit).toBe('a2');
    expect(world.container('QA', 'payment')?.commit).toBe('p1');
    world.deploy('QA', ['account']);
    await world.pass(60_000);
    expect(world.container('QA', 'account')?.commit).toBe('a3');
    expect(world.fleet.commands('fetch').map((item) => ('service' in item ? item.service : ''))).toEqual([
      'gateway',
      'account',
      'payment',
      'account',
    ]);
  });

  it('resolves a branch anew when a service comes back after it had left', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.apply('QA', { services: { account: { use_ocp: true } } });
    await world.pass(60_000);
    expect(world.container('QA', 'account')).toBeUndefined();
    expect(world.store.portRows.map((row) => row.service)).toEqual(['gateway']);
    world.push('account', 'feature', 'a3');
    world.apply('QA', SPEC);
    await world.pass(60_000);
    expect(world.container('QA', 'account')?.commit).toBe('a3');
  });

  it('keeps the running version when a build fails, says so, and does not try again by itself (FM 21, 22)', async () => {
    world.apply('QA', SPEC);
    await world.up();
    const running = world.container('QA', 'account');
    world.push('account', 'feature', 'bad1');
    world.deploy('QA');
    await world.pass(600_000);
    expect(world.container('QA', 'account')).toEqual(running);
    expect(world.status('QA').services.account).toMatchObject({ state: 'FAILED', commit: 'a2', wantedCommit: 'bad1' });
    expect(world.status('QA').health).toBe('Degraded');
    expect(world.condition('QA', 'Failed')).toBe('True ServiceFailed');
    expect(world.fleet.commands('build').filter((item) => 'commit' in item && item.commit === 'bad1')).toHaveLength(1);
    expect(world.store.deploymentRows.at(-1)).toMatchObject({
      service: 'account',
      state: 'FAILED',
      reason: 'build_failed',
    });
    world.push('account', 'feature', 'a4');
    world.deploy('QA');
    await world.pass(60_000);
    expect(world.container('QA', 'account')?.commit).toBe('a4');
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
  });

  it('tries a failing start five times with growing waits, then gives up (FM 12-14)', async () => {
    world.push('account', 'feature', 'crash1');
    world.apply('QA', SPEC);
    await world.up();
    await world.pass(600_000);
    const starts = world.fleet.sent.filter((item) => item.command.type === 'run' && item.command.service === 'account');
    expect(starts.map((item) => item.command.attempt)).toEqual([1, 2, 3, 4, 5]);
    const waits = starts.slice(1).map((item, index) => item.at - starts[index]!.at);
    expect([...waits].sort((a, b) => a - b)).toEqual(waits);
    expect(world.status('QA').services.account?.state).toBe('FAILED');
    const sent = world.fleet.sent.length;
    await world.restartServer();
    world.connectAll();
    await world.pass(600_000);
    expect(world.fleet.sent.slice(sent)).toEqual([]);
  });

  it('waits for a login by name, lets the rest go on, and goes on by itself after the login (C6)', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.logins.clear();
    world.apply('QA', { services: { ...SPEC.services, payment: { branch: 'develop' } }, variables: { A: 'b' } });
    await world.pass(60_000);
    expect(world.condition('QA', 'NeedsLogin')).toBe('True LoginMissing');
    expect(world.status('QA').nextAction).toContain('ada');
    expect(world.status('QA').services.payment?.state).toBe('QUEUED');
    expect(world.fleet.commands('run')).toHaveLength(4);
    world.logins.set('ada', { username: 'ada', password: 'x' });
    await world.pass(60_000);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
  });

  it('lets another person take a waiting fetch over with deploy (C6)', async () => {
    world.logins.clear();
    world.apply('QA', SPEC);
    await world.up();
    world.logins.set('bob', { username: 'bob', password: 'y' });
    world.deploy('QA', undefined, 'bob');
    await world.pass(60_000);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    const fetch = world.fleet.commands('fetch')[0]!;
    expect('credentials' in fetch && fetch.credentials?.username).toBe('bob');
  });

  it('does not try refused credentials again, and goes on with new ones', async () => {
    world.fleet.faults.failure = (command) =>
      command.type === 'fetch' && command.credentials.password === 'secret' ? 'git_auth' : undefined;
    world.apply('QA', SPEC);
    await world.up();
    await world.pass(600_000);
    expect(world.fleet.commands('fetch')).toHaveLength(2);
    expect(world.condition('QA', 'NeedsLogin')).toBe('True LoginMissing');
    world.deploy('QA');
    await world.pass(600_000);
    expect(world.fleet.commands('fetch')).toHaveLength(4);
    world.logins.set('ada', { username: 'ada', password: 'new' });
    await world.pass(60_000);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
  });

  it('brings a container back that was removed by hand, without fetch, login or deployment', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.logins.clear();
    const deployments = world.store.deploymentRows.length;
    const sent = world.fleet.sent.length;
    world.fleet.removeByHand('sandbox-qa-account');
    await world.pass(1_000);
    expect(world.container('QA', 'account')?.state).toBe('running');
    expect(world.fleet.sent.slice(sent).map((item) => item.command.type)).toEqual(['run']);
    expect(world.store.deploymentRows).toHaveLength(deployments);
  });

  it('concludes nothing from a silent node and says Unknown (invariant 7, FM 15, 28)', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.fleet.disconnect('micro-1');
    const sent = world.fleet.sent.length;
    await world.pass(600_000);
    expect(world.fleet.sent.slice(sent)).toEqual([]);
    expect(world.condition('QA', 'Ready')).toBe('Unknown NodeSilent');
    expect(world.status('QA')).toMatchObject({ sync: 'Unknown', health: 'Unknown' });
    world.fleet.connect('micro-1');
    await world.pass(10_000);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    expect(world.fleet.sent.slice(sent)).toEqual([]);
  });

  it('starts nothing a second time when the server is killed and started again, nodes silent or not', async () => {
    world.apply('QA', SPEC);
    await world.up();
    const containers = world.fleet.all();
    const sent = world.fleet.sent.length;
    await world.restartServer();
    await world.pass(600_000);
    expect(world.fleet.sent.slice(sent)).toEqual([]);
    world.connectAll();
    await world.pass(60_000);
    expect(world.fleet.sent.slice(sent)).toEqual([]);
    expect(world.fleet.all()).toEqual(containers);
  });

  it('adopts an open deployment after a restart instead of making another', async () => {
    world.fleet.faults.duration = (command) => (command.type === 'build' ? 30_000 : 100);
    world.apply('QA', SPEC);
    await world.start();
    world.connectAll();
    await world.pass(5_000);
    await world.restartServer();
    world.connectAll();
    await world.pass(120_000);
    expect(world.store.deploymentRows.map((row) => row.state)).toEqual(['RUNNING', 'RUNNING']);
  });

  it('cancels a superseded build and ends its deployment as Superseded (invariant 8, FM 39, 40)', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.fleet.faults.duration = (command) => (command.type === 'build' ? 60_000 : 100);
    world.push('account', 'feature', 'a3');
    world.deploy('QA', ['account']);
    await world.pass(5_000);
    world.push('account', 'feature', 'a4');
    world.deploy('QA', ['account']);
    await world.pass(300_000);
    expect(world.fleet.cancelled).toHaveLength(1);
    expect(world.container('QA', 'account')?.commit).toBe('a4');
    const mine = world.store.deploymentRows.filter((row) => row.service === 'account').slice(1);
    expect(mine.map((row) => [row.state, row.reason])).toEqual([
      ['STOPPED', 'Superseded'],
      ['RUNNING', undefined],
    ]);
  });

  it('does not cancel a build when somebody changes another service meanwhile', async () => {
    world.fleet.faults.duration = (command) => (command.type === 'build' ? 60_000 : 100);
    world.apply('QA', SPEC);
    await world.start();
    world.connectAll();
    await world.pass(5_000);
    world.apply('QA', { services: { ...SPEC.services, payment: { branch: 'develop' } } });
    await world.pass(300_000);
    expect(world.fleet.cancelled).toEqual([]);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
  });

  it('suspends and resumes with the same containers and no fetch', async () => {
    world.apply('QA', SPEC);
    await world.up();
    const ids = world.fleet
      .all()
      .map((item) => item.id)
      .sort();
    world.logins.clear();
    world.apply('QA', { ...SPEC, run: 'suspended' });
    await world.pass(60_000);
    expect(world.fleet.all().map((item) => item.state)).toEqual(['exited', 'exited']);
    expect(world.status('QA')).toMatchObject({ health: 'Suspended', operation: 'STOPPED' });
    world.apply('QA', SPEC);
    await world.pass(60_000);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    expect(
      world.fleet
        .all()
        .map((item) => item.id)
        .sort(),
    ).toEqual(ids);
  });

  it('leaves nothing behind when a sandbox is deleted (invariant 11)', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.store.markDeleted('QA');
    await world.pass(60_000);
    expect(world.fleet.all()).toEqual([]);
    expect([...world.fleet.engines.values()].map((engine) => [engine.networks.size, engine.routes])).toEqual([
      [0, {}],
      [0, {}],
    ]);
    expect([world.store.portRows, world.store.subnetRows]).toEqual([[], []]);
    expect(world.store.documents.has('Sandbox/qa')).toBe(false);
  });

  it('holds a deletion for a silent node, and ends it when the node is back (FM 17, 18)', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.fleet.disconnect('micro-1');
    world.store.markDeleted('QA');
    await world.pass(120_000);
    expect(world.store.documents.has('Sandbox/qa')).toBe(true);
    expect(world.status('QA').nextAction).toContain('micro-1');
    world.fleet.connect('micro-1');
    await world.pass(60_000);
    expect(world.store.documents.has('Sandbox/qa')).toBe(false);
    expect(world.fleet.all()).toEqual([]);
  });

  it('never touches a foreign container under its name, and does the rest', async () => {
    world.fleet.place('engine-m', { name: 'sandbox-qa-account', state: 'running', foreign: true });
    world.apply('QA', SPEC);
    await world.up();
    expect(world.condition('QA', 'Blocked')).toBe('True InTheWay');
    expect(world.status('QA').gateway?.state).toBe('RUNNING');
    expect(world.status('QA').health).toBe('Degraded');
    expect(world.fleet.commands('run')).toHaveLength(1);
  });

  it('moves a service to the node that it is pinned to before it removes the old one', async () => {
    world.fleet.addAgent('micro-2', 'MICRO', 'engine-2', { account: { develop: 'a1', feature: 'a2' } });
    world.apply('QA', SPEC);
    await world.up();
    const first = world.status('QA').services.account?.node;
    const other = first === 'micro-1' ? 'micro-2' : 'micro-1';
    world.apply('QA', { services: { account: { branch: 'feature', node: other } } });
    await world.pass(60_000);
    expect(world.status('QA').services.account).toMatchObject({ node: other, state: 'RUNNING' });
    expect(world.fleet.all().filter((item) => item.service === 'account')).toHaveLength(1);
    const order = world.fleet.sent.slice(-20).map((item) => item.command.type);
    expect(order.lastIndexOf('run')).toBeLessThan(order.indexOf('remove'));
  });

  it('fetches a pinned commit that the node lacks, then builds it', async () => {
    world.apply('QA', { services: { account: { commit: 'a'.repeat(40) } } });
    await world.up();
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    expect(world.container('QA', 'account')?.commit).toBe('a'.repeat(40));
  });

  it('replaces containers whose environment changed, and only those', async () => {
    const environment = (value: string): void => {
      world.store.put({
        apiVersion: 'sdp/v1',
        kind: 'Environment',
        metadata: { name: 'qa-env' },
        spec: { variables: { A: value } },
      });
    };
    environment('1');
    world.apply('QA', {
      services: { account: { branch: 'feature', environments: ['qa-env'] }, payment: { branch: 'develop' } },
    });
    await world.up();
    const [account, payment] = [world.container('QA', 'account')!.id, world.container('QA', 'payment')!.id];
    environment('2');
    await world.pass(60_000);
    expect(world.container('QA', 'payment')?.id).toBe(payment);
    expect(world.container('QA', 'account')?.id).not.toBe(account);
  });

  it('gives secrets to the container and to nothing else', async () => {
    const document = world.store.put({
      apiVersion: 'sdp/v1',
      kind: 'Environment',
      metadata: { name: 'qa-env' },
      spec: { secrets: { TOKEN: { version: 1 } } },
    });
    world.store.secrets.set(document.metadata.uid, { TOKEN: 'hunter2' });
    world.apply('QA', { services: { account: { branch: 'feature', environments: ['qa-env'] } } });
    await world.up();
    const runs = world.fleet.commands('run').filter((item) => JSON.stringify(item).includes('hunter2'));
    expect(runs.map((item) => 'service' in item && item.service)).toEqual(['account']);
    const kept = JSON.stringify([
      [...world.store.documents.values()],
      world.store.deploymentRows,
      world.store.events,
      world.logs,
    ]);
    expect(kept).not.toContain('hunter2');
  });

  it('replaces exactly the containers that use a secret when it changes', async () => {
    const put = (name: string, spec: EnvironmentSpec): string => {
      const { uid } = world.store.put({ apiVersion: 'sdp/v1', kind: 'Environment', metadata: { name }, spec }).metadata;
      world.store.secrets.set(uid, { TOKEN: `value ${JSON.stringify(spec.secrets?.['TOKEN'])}`, OTHER: 'other' });
      return uid;
    };
    const shared = (version: number): EnvironmentSpec => ({ secrets: { TOKEN: { version }, OTHER: { version: 1 } } });
    put('shared', shared(1));
    put('own', { secrets: { TOKEN: { version: 1 } } });
    world.apply('QA', {
      services: {
        account: { branch: 'develop', environments: ['shared'] },
        // Names the environment too, but wins over the one value that changes.
        payment: { branch: 'develop', environments: ['shared', 'own'] },
        user: { branch: 'develop' },
      },
    });
    world.apply('OTHER', { services: { account: { branch: 'develop' } } });
    await world.up();
    const ids = (): Record<string, string | undefined> =>
      Object.fromEntries([['QA', 'account'], ['QA', 'payment'], ['QA', 'user'], ['QA', 'gateway'], ['OTHER', 'account']].map(([sandbox = '', service = '']) => [`${sandbox}/${service}`, world.container(sandbox, service)?.id]));
    const before = ids();
    put('shared', shared(2));
    await world.pass(60_000);
    const after = ids();
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(['QA/account']);
    const run = world.fleet.commands('run').at(-1);
    expect(run?.type === 'run' ? run.container.variables : {}).toEqual({ TOKEN: 'value {"version":2}', OTHER: 'other' });
  });

  it('gives up at once, with the reason, where secrets make the variables larger than Linux takes', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `S${index}`);
    const secrets = Object.fromEntries(names.map((name) => [name, { version: 1 }]));
    const { metadata } = world.store.put({ apiVersion: 'sdp/v1', kind: 'Environment', metadata: { name: 'large' }, spec: { secrets } });
    world.store.secrets.set(metadata.uid, Object.fromEntries(names.map((name) => [name, 'x'.repeat(120 * 1024)])));
    world.apply('QA', { services: { account: { branch: 'develop', environments: ['large'] } } });
    await world.up();
    expect(world.container('QA', 'account')).toBeUndefined();
    expect(world.status('QA').services['account']?.message).toContain('Linux starts no process with more than 2 MiB of arguments and variables');
  });

  it('reaps what a forgotten node brings back of a sandbox that is gone', async () => {
    await world.up();
    world.fleet.place('engine-m', {
      name: 'sandbox-old-account',
      state: 'running',
      node: 'micro-1',
      sandboxUid: 'gone',
      service: 'account',
    });
    world.fleet.reportAll();
    await world.pass(10_000);
    expect(world.fleet.all()).toEqual([]);
  });

  it('brings a node that was away up to date when it is back (FM 41)', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.fleet.disconnect('micro-1');
    world.push('account', 'feature', 'a3');
    world.deploy('QA');
    await world.pass(60_000);
    expect(world.container('QA', 'account')?.commit).toBe('a2');
    world.fleet.connect('micro-1');
    await world.pass(60_000);
    expect(world.container('QA', 'account')?.commit).toBe('a3');
  });

  it('removes the duplicate that a returning node brings, once the other serves (FM 28, 42)', async () => {
    world.fleet.addAgent('micro-2', 'MICRO', 'engine-2', { account: { develop: 'a1', feature: 'a2' } });
    world.apply('QA', SPEC);
    await world.up();
    const { node } = world.status('QA').services.account!;
    const original = world.container('QA', 'account')!;
    const other = node === 'micro-1' ? 'micro-2' : 'micro-1';
    world.fleet.place(other === 'micro-1' ? 'engine-m' : 'engine-2', { ...original, node: other, hash: 'v1:old' });
    world.fleet.reportAll();
    await world.pass(60_000);
    const left = world.fleet.all().filter((item) => item.service === 'account');
    expect(left).toHaveLength(1);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
  });

  it('ends a deployment by what a report shows, although the answer was lost (FM 2)', async () => {
    let lost = false;
    world.fleet.faults.loseAnswer = (command) => {
      const lose = command.type === 'run' && command.service === 'account' && !lost;
      lost ||= lose;
      return lose;
    };
    world.apply('QA', SPEC);
    await world.up();
    expect(lost).toBe(true);
    expect(world.store.deploymentRows.map((row) => row.state)).toEqual(['RUNNING', 'RUNNING']);
    expect(world.fleet.commands('run')).toHaveLength(2);
  });

  it('fails a deployment whose container never becomes healthy, at its deadline (FM 10)', async () => {
    world.apply('QA', SPEC);
    await world.up();
    world.fleet.onRun = (container) => {
      container.health = 'starting';
    };
    world.push('account', 'feature', 'a3');
    world.deploy('QA', ['account']);
    await world.pass(10 * 60_000);
    expect(world.store.deploymentRows.at(-1)).toMatchObject({ state: 'FAILED', reason: 'health_check_failed' });
    expect(world.condition('QA', 'Ready')).toMatch(/^False/);
  });

  it('cancels what is under way when the sandbox is suspended (FM 3)', async () => {
    world.fleet.faults.duration = (command) => (command.type === 'build' ? 600_000 : 100);
    world.apply('QA', SPEC);
    await world.start();
    world.connectAll();
    await world.pass(5_000);
    world.apply('QA', { ...SPEC, run: 'suspended' });
    await world.pass(5_000);
    expect(world.fleet.cancelled).toHaveLength(2);
    expect(world.store.deploymentRows.map((row) => [row.state, row.reason])).toEqual([
      ['STOPPED', 'Cancelled'],
      ['STOPPED', 'Cancelled'],
    ]);
  });

  it('says which pool is full, runs the rest, and goes on when there is room (FM 24)', async () => {
    const { portRows } = world.store;
    for (let port = 9001; port <= 9999; port += 1) {
      portRows.push({
        engine: 'engine-m',
        port,
        kind: 'service',
        sandboxUid: 'x',
        sandbox: 'x',
        service: 's',
        allocatedAt: '',
      });
    }
    world.apply('QA', SPEC);
    await world.up();
    expect(world.condition('QA', 'Blocked')).toBe('True InTheWay');
    expect(world.status('QA').gateway?.state).toBe('RUNNING');
    expect(world.container('QA', 'account')).toBeUndefined();
    portRows.shift();
    await world.pass(60_000);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
  });

  it('becomes quiet: no pass writes status or sends commands when nothing changes', async () => {
    world.apply('QA', SPEC);
    await world.up();
    // Pruning is of no sandbox, and is once an hour.
    const sent = (): number => world.fleet.sent.filter(({ command }) => command.type !== 'prune').length;
    const before = [world.store.statusWrites, sent()];
    await world.pass(3_600_000);
    expect([world.store.statusWrites, sent()]).toEqual(before);
  });
});
