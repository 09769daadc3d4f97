/** Diff, placement, routes, failures and previews, each on small situations without a loop. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SdpError } from '#schema/errors';
import type { EdgeRoutes } from '#schema/wire/commands';
import { deployDraft } from '../../../reconciler/deploy-request.ts';
import { trialOf } from '../../../reconciler/diff/attempts.ts';
import { failureOf } from '../../../reconciler/loop/failures.ts';
import type { Step } from '../../../reconciler/model.ts';
import { operationOf } from '../../../reconciler/status/status.ts';
import { TestWorld } from './support/world.ts';

const STEP: Step = { action: 'create', reason: '', key: 'account', kind: 'run', subject: 'h', input: 'h g1' };

describe('a failed step', () => {
  const failing = (
    code: ConstructorParameters<typeof SdpError>[0],
    former: number,
    step: Partial<Step> = {},
  ): ReturnType<typeof failureOf> =>
    failureOf({ uid: 'u', step: { ...STEP, ...step }, error: new SdpError(code, 'no'), former, now: 0, random: 0 });

  it('is tried again after 1, 2, 4 and 8 seconds and given up at the fifth failure', () => {
    const waits = [0, 1, 2, 3, 4].map((former) => failing('engine_failed', former).attempt.nextAt);
    expect(waits.map((at) => (at === undefined ? undefined : Date.parse(at)))).toEqual([
      1_000,
      2_000,
      4_000,
      8_000,
      undefined,
    ]);
  });
  it('is given up at once where only a person can help', () => {
    for (const code of [
      'build_failed',
      'missing_module',
      'missing_base_image',
      'go_version',
      'outside_replace',
      'unknown_branch',
    ] as const) {
      expect(failing(code, 0).attempt.nextAt).toBeUndefined();
    }
  });
  it('does not count when the node was away, the world had changed, or it was cancelled', () => {
    for (const code of ['node_offline', 'precondition_failed', 'cancelled', 'stale_epoch'] as const) {
      const { lasting, attempt } = failing(code, 20);
      expect(lasting).toBe(false);
      expect(attempt.nextAt).toBeDefined();
    }
  });
  it('goes on for ever where leaving it undone would hold something (FM 17)', () => {
    for (const kind of ['remove', 'routes', 'network', 'stop'])
      expect(failing('engine_failed', 50, { kind }).attempt.nextAt).toBeDefined();
  });
  it('starts at zero with another input', () => {
    const { attempt } = failing('build_failed', 0);
    expect(trialOf([attempt], STEP, 0).kind).toBe('gaveUp');
    expect(trialOf([attempt], { ...STEP, input: 'h g2' }, 0)).toEqual({ kind: 'free', count: 0 });
  });
});

describe('operation of a sandbox', () => {
  it('is its least advanced service, failed ones first, stopped ones last', () => {
    expect(operationOf(['RUNNING', 'FAILED', 'BUILDING'])).toBe('FAILED');
    expect(operationOf(['RUNNING', 'BUILDING', 'STOPPED'])).toBe('BUILDING');
    expect(operationOf(['RUNNING', 'STOPPED'])).toBe('RUNNING');
    expect(operationOf(['STOPPED', 'STOPPED'])).toBe('STOPPED');
  });
});

describe('plans and routes', () => {
  let world: TestWorld;
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
    world = new TestWorld();
  });
  afterEach(async () => {
    expect(world.errors).toEqual([]);
    await world.reconciler.stop();
    vi.useRealTimers();
  });

  const draft = (services: Record<string, { branch: string }>): Parameters<TestWorld['reconciler']['preview']>[0] => [
    { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'QA' }, spec: { services } },
  ];
  const applied = (engine: string, name = 'QA'): EdgeRoutes =>
    world.fleet.engines.get(engine)!.applied.get(world.store.sandbox(name).metadata.uid) as EdgeRoutes;

  it('show a new sandbox step by step, in order, and write nothing', async () => {
    await world.up();
    const plan = await world.reconciler.preview(draft({ account: { branch: 'feature' } }), 'qa', 'ada');
    expect(plan.steps.map((step) => `${step.action} ${step.service ?? step.node}`)).toEqual([
      'claim gateway-1',
      'claim micro-1',
      'claim gateway',
      'claim account',
      'fetch gateway',
      'fetch account',
      'build gateway',
      'build account',
      'network gateway-1',
      'network micro-1',
      'create gateway',
      'create account',
      'route gateway-1',
      'route micro-1',
    ]);
    expect(plan).toMatchObject({ sandbox: 'QA', keep: [], blocked: [], warnings: [] });
    expect([world.store.portRows, world.store.subnetRows, world.store.deploymentRows, world.fleet.sent]).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });

  it('show what a change replaces and what stays', async () => {
    world.apply('QA', { services: { account: { branch: 'feature' }, payment: { branch: 'develop' } } });
    await world.up();
    const plan = await world.reconciler.preview(draft({ account: { branch: 'develop' } }), 'qa', 'ada');
    expect(plan.keep).toEqual(['gateway']);
    expect(plan.steps.map((step) => `${step.action} ${step.service ?? step.node}`)).toEqual([
      'fetch account',
      'build account',
      'replace account',
      'route gateway-1',
      'route micro-1',
      'remove payment',
    ]);
    expect(plan.steps.every((step) => step.reason.length > 5)).toBe(true);
  });

  it('show what deploy would fetch, and that a rollback needs no fetch', async () => {
    world.apply('QA', { services: { account: { branch: 'feature' } } });
    await world.up();
    const { draft: same, resolutions } = deployDraft(world.store.sandbox('QA'), ['account']);
    const deploy = await world.reconciler.preview([same], 'qa', 'ada', resolutions);
    expect(deploy.steps.map((step) => step.action)).toEqual(['fetch', 'build', 'replace']);
    const former = world.store.resolutionRows.find((row) => row.service === 'account')!;
    const carried = [{ ...former, commit: 'a0' }];
    const rollback = await world.reconciler.preview([same], 'qa', 'ada', carried);
    expect(rollback.steps.map((step) => step.action)).toEqual(['build', 'replace']);
  });

  it('say who has to log in, and that no node reports', async () => {
    await world.start();
    const plan = await world.reconciler.preview(draft({ account: { branch: 'feature' } }), 'qa', 'bob');
    expect(plan.warnings.join()).toContain('No node reports');
    world.connectAll();
    const second = await world.reconciler.preview(draft({ account: { branch: 'feature' } }), 'qa', 'bob');
    expect(second.blocked.map((item) => `${item.code} ${item.service}`)).toEqual([
      'needs_login gateway',
      'needs_login account',
    ]);
  });

  it('warn when a sandbox keeps state that others use, until it has its own (A7, FM 48)', async () => {
    await world.up();
    world.store.put({
      apiVersion: 'sdp/v1',
      kind: 'Environment',
      metadata: { name: 'dev' },
      spec: { variables: { DB_HOST: 'shared-db' } },
    });
    world.store.put({
      apiVersion: 'sdp/v1',
      kind: 'Service',
      metadata: { name: 'account' },
      spec: { baseline: 'https://account.example.com', environments: ['dev'], sharedState: ['DB_HOST'] },
    });
    const keeping = await world.reconciler.preview(draft({ account: { branch: 'feature' } }), 'qa', 'ada');
    expect(keeping.warnings.join()).toContain('DB_HOST');
    const own = await world.reconciler.preview(
      [
        {
          apiVersion: 'sdp/v1',
          kind: 'Sandbox',
          metadata: { name: 'QA' },
          spec: { services: { account: { branch: 'feature' } }, variables: { DB_HOST: 'mine' } },
        },
      ],
      'qa',
      'ada',
    );
    expect(own.warnings).toEqual([]);
  });

  it('name what is in the way: an unknown service, node, environment or repository', async () => {
    await world.up();
    const spec = {
      services: {
        ghost: { branch: 'x' },
        account: { branch: 'feature', node: 'nowhere' },
        payment: { branch: 'develop', environments: ['none'] },
      },
    };
    const plan = await world.reconciler.preview(
      [{ apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'QA' }, spec }],
      'qa',
      'ada',
    );
    expect(Object.fromEntries(plan.blocked.map((item) => [item.service, item.code]))).toEqual({
      account: 'no_node',
      ghost: 'unknown_repository',
      payment: 'unknown_environment',
    });
  });

  it('lead inside callers to the container, over the other node, to OCP, to a URL, to another sandbox (F1)', async () => {
    world.apply('other', { services: { payment: { branch: 'develop' } } });
    world.apply('QA', { services: { account: { branch: 'feature' } } });
    world.route('QA', { payment: { sandbox: 'other' }, user: 'https://mine.example.com' });
    await world.up();
    expect(applied('engine-m').inside).toEqual({
      account: { kind: 'container', container: 'sandbox-qa-account', port: 8080, otherwise: expect.any(String) as string },
      payment: { kind: 'container', container: 'sandbox-other-payment', port: 8080, otherwise: expect.any(String) as string },
      user: { kind: 'url', url: 'https://mine.example.com' },
    });
    const account = world.status('QA').services.account?.port;
    const payment = world.status('other').services.payment?.port;
    expect(applied('engine-g').inside).toEqual({
      account: { kind: 'node', address: '192.0.2.2', port: account },
      payment: { kind: 'node', address: '192.0.2.2', port: payment, sandbox: world.store.sandbox('other').metadata.uid },
      user: { kind: 'url', url: 'https://mine.example.com' },
    });
    expect(Object.values(applied('engine-g').outside)).toEqual([
      {
        service: 'gateway',
        kind: 'gateway',
        target: { kind: 'container', container: 'sandbox-qa-gateway', port: 8080, otherwise: expect.any(String) as string },
      },
    ]);
    expect(applied('engine-m', 'other').inside.account).toEqual({ kind: 'url', url: 'https://account.example.com' });
    const views = await world.reconciler.routes('qa');
    expect(views.map((view) => [view.service, view.target, Object.keys(view.edges)])).toEqual([
      ['account', 'sandbox', ['gateway-1', 'micro-1']],
      ['payment', 'other-sandbox', ['gateway-1', 'micro-1']],
      ['user', 'url', ['gateway-1', 'micro-1']],
    ]);
  });

  it('answer with a reason while a sandbox is suspended', async () => {
    world.apply('QA', { services: { account: { branch: 'feature' } }, run: 'suspended' });
    await world.up();
    expect(applied('engine-m').inside.account).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringContaining('suspended') as string,
    });
  });

  it('avoid ports that foreign processes hold, and move when one is taken (F2, FM 23)', async () => {
    world.fleet.engines.get('engine-g')!.foreignPorts = [8080];
    world.apply('QA', {});
    await world.up();
    expect(world.status('QA').gateway?.port).toBe(8081);
    world.fleet.engines.get('engine-g')!.foreignPorts = [8080, 8081];
    world.fleet.reportAll();
    await world.pass(5_000);
    expect(world.status('QA').gateway).toMatchObject({ port: 8082, url: 'http://192.0.2.1:8082' });
  });

  it('restart a service as it is, and refuse what cannot be restarted', async () => {
    world.apply('QA', { services: { account: { branch: 'feature' } } });
    await world.up();
    const id = world.container('QA', 'account')?.id;
    const restarted = world.reconciler.restart('qa', 'account');
    await expect(world.reconciler.restart('qa', 'account')).rejects.toMatchObject({ code: 'conflict' });
    await world.pass(1_000);
    await restarted;
    expect(world.container('QA', 'account')?.id).toBe(id);
    await expect(world.reconciler.restart('qa', 'user')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('put a deployment through its states as the agents tell, never back (E3)', async () => {
    world.fleet.faults.duration = (command) => (command.type === 'build' ? 60_000 : 100);
    world.apply('QA', {});
    await world.start();
    world.connectAll();
    await world.pass(5_000);
    const { id } = world.store.deploymentRows[0]!;
    const say = (event: 'BUILD_STARTED' | 'FETCH_STARTED' | 'DEPLOY_COMPLETED'): Promise<void> =>
      world.reconciler.onPipelineEvent({ deploymentId: id, event, at: new Date().toISOString() });
    await say('BUILD_STARTED');
    await say('FETCH_STARTED');
    await say('DEPLOY_COMPLETED');
    expect(world.store.deploymentRows[0]?.state).toBe('BUILDING');
    await world.pass(120_000);
    expect(world.store.deploymentRows[0]?.state).toBe('RUNNING');
    expect(world.store.events.map((event) => event.event)).toEqual(['DEPLOY_QUEUED', 'BUILD_STARTED', 'FETCH_STARTED', 'DEPLOY_COMPLETED']);
  });

  it('give up a command whose agent never answers, after its deadline (FM 1, 4, 38)', async () => {
    world.fleet.faults.duration = (command) => (command.type === 'build' ? 10 * 3_600_000 : 100);
    world.apply('QA', {});
    await world.up();
    await world.pass(21 * 60_000);
    expect(world.store.attemptRows[0]).toMatchObject({ step: 'build', code: 'deadline_exceeded', count: 1 });
    expect(world.status('QA').gateway?.message).toBeDefined();
  });
});
