import { beforeEach, describe, expect, it } from 'vitest';
import type { SandboxSpec } from '#schema/documents';
import type { PlanView } from '#schema/http';
import type { CommandOf } from '#schema/wire/commands';
import { freshWorlds, type TestWorld } from './support/world.ts';

let world: TestWorld;
freshWorlds((made) => (world = made));

const account = (more: object): void =>
  void world.store.put({ apiVersion: 'sdp/v1', kind: 'Service', metadata: { name: 'account' }, spec: { baseline: 'https://account.example.com', ...more } });
const preview = (spec: SandboxSpec): Promise<PlanView> =>
  world.reconciler.preview([{ apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'QA' }, spec }], 'qa', 'ada');
const runs = (service: string): CommandOf<'run'>[] =>
  world.fleet.commands('run').filter((command): command is CommandOf<'run'> => command.type === 'run' && command.service === service);

describe('drain', () => {
  it('goes along with the order, and changing it replaces nothing', async () => {
    world.apply('QA', { services: { account: { branch: 'develop' } } });
    await world.up();
    expect(runs('account').at(-1)?.container.drainSeconds).toBe(10);
    const { id } = world.container('QA', 'account') ?? {};
    account({ drain: '5m' });
    await world.pass(60_000);
    expect(world.container('QA', 'account')?.id).toBe(id);
    world.apply('QA', { services: { account: { branch: 'feature' } } });
    await world.pass(60_000);
    const order = world.fleet.sent.findLast(({ command }) => command.type === 'run' && command.service === 'account');
    expect(order?.command).toMatchObject({ container: { drainSeconds: 300 } });
    expect(Date.parse(order?.command.deadline ?? '') - (order?.at ?? 0)).toBeGreaterThan((60 + 300) * 1000);
  });
});

describe('a predecessor that still drains when the control plane is started again', () => {
  /** As the agent reports it: replaced, under another name, beside the one that serves. */
  const predecessor = (): string => {
    const holder = world.container('QA', 'account');
    if (!holder) throw new Error('account runs nowhere');
    const { id: _id, ...same } = holder;
    return world.fleet.place('engine-m', { ...same, name: `${holder.name}.old-abcdef01-1700000000000`, hash: 'v1:former' }).id;
  };
  const removals = (id: string): CommandOf<'remove'>[] =>
    world.fleet.commands('remove').filter((command): command is CommandOf<'remove'> => command.type === 'remove' && command.object.kind === 'container' && command.object.id === id);

  it('is removed by an order that carries its drain, and is awaited that long', async () => {
    account({ drain: '5m' });
    world.apply('QA', { services: { account: { branch: 'develop' } } });
    await world.up();
    world.fleet.faults.duration = (command) => (command.type === 'remove' ? 240_000 : 100);
    const id = predecessor();
    world.fleet.reportAll();
    await world.pass(60_000);
    const [order] = removals(id);
    expect(order?.object).toEqual({ kind: 'container', id, drain: { port: 8080, seconds: 300 } });
    const sent = world.fleet.sent.find(({ command }) => command === order);
    expect(Date.parse(order?.deadline ?? '') - (sent?.at ?? 0)).toBe(360_000);
    expect(world.condition('QA', 'Ready')).toBe('True AllRunning');
    await world.pass(200_000);
    expect(removals(id)).toHaveLength(1);
    expect(world.fleet.all().some((item) => item.id === id)).toBe(false);
  });

  it('keeps no newer version waiting, and does not outlive a suspension', async () => {
    world.apply('QA', { services: { account: { branch: 'develop' } } });
    await world.up();
    world.fleet.faults.duration = (command) => (command.type === 'remove' ? 240_000 : 100);
    const id = predecessor();
    world.fleet.reportAll();
    await world.pass(2_000);
    expect(removals(id)).toHaveLength(1);
    const runsBefore = runs('account').length;
    world.apply('QA', { services: { account: { branch: 'feature' } } });
    await world.pass(10_000);
    expect(world.fleet.cancelled.map(({ commandId }) => commandId)).toContain(removals(id)[0]?.id);
    expect(runs('account').length).toBeGreaterThan(runsBefore);
    world.fleet.faults.duration = () => 100;
    world.apply('QA', { run: 'suspended', services: { account: { branch: 'feature' } } });
    await world.pass(60_000);
    expect(world.fleet.all().filter((item) => item.state === 'running')).toEqual([]);
    expect(world.fleet.all().some((item) => item.id === id)).toBe(false);
  });
});

describe('a newer version while the former one still drains', () => {
  it('does not wait for the end of the drain', async () => {
    world.apply('QA', { services: { account: { branch: 'develop' } } });
    await world.up();
    world.fleet.faults.duration = (command) => (command.type === 'run' ? 300_000 : 100);
    world.apply('QA', { services: { account: { branch: 'feature' } } });
    await world.pass(5_000);
    const [draining] = runs('account').slice(-1);
    // It took over: the agent reports the new container under the name, and the run goes on draining.
    const holder = world.container('QA', 'account');
    if (!holder || !draining) throw new Error('account runs nowhere');
    Object.assign(holder, { hash: draining.container.hash, commit: draining.container.commit, image: draining.container.image });
    world.fleet.reportAll();
    await world.pass(1_000);
    expect(world.fleet.cancelled).toEqual([]);
    world.push('account', 'feature', 'a3');
    world.deploy('QA', ['account']);
    await world.pass(5_000);
    expect(world.fleet.cancelled).toEqual([{ commandId: draining.id, reason: 'something newer was asked for' }]);
    expect(runs('account').at(-1)?.container.commit).toBe('a3');
  });

  it('waits for a run that has not taken over yet', async () => {
    world.apply('QA', { services: { account: { branch: 'develop' } } });
    await world.up();
    world.fleet.faults.duration = (command) => (command.type === 'run' ? 20_000 : 100);
    world.apply('QA', { services: { account: { branch: 'feature' } } });
    await world.pass(5_000);
    world.deploy('QA', ['account']);
    await world.pass(5_000);
    expect(world.fleet.cancelled).toEqual([]);
  });
});

describe('replace: recreate', () => {
  beforeEach(() => account({ replace: 'recreate' }));

  it('states its gap in the plan, before and after the fetch, and only where something runs', async () => {
    await world.up();
    const first = await preview({ services: { account: { branch: 'develop' } } });
    expect(first.steps.map((step) => step.reason).join()).not.toContain('requests fail');
    world.apply('QA', { services: { account: { branch: 'develop' } } });
    await world.pass(60_000);
    const second = await preview({ services: { account: { branch: 'feature' } } });
    const gap = 'account stops before its new version starts: requests fail until that one answers, at most 70 s';
    expect(second.steps.find((step) => step.action === 'replace')?.reason).toContain(gap);
    const third = await preview({ services: { account: { branch: 'develop', variables: { A: '1' } } } });
    expect(third.steps.find((step) => step.action === 'replace')?.reason).toContain(gap);
  });

  it('is not tried again by itself when the new version does not come up: each try is a gap', async () => {
    world.apply('QA', { services: { account: { branch: 'develop' } } });
    await world.up();
    const before = runs('account').length;
    world.fleet.faults.failure = (command) => (command.type === 'run' && command.service === 'account' ? 'health_check_failed' : undefined);
    world.apply('QA', { services: { account: { branch: 'feature' } } });
    await world.pass(10 * 60_000);
    expect(runs('account').length - before).toBe(1);
    expect(world.status('QA').services['account']?.state).toBe('FAILED');
    world.fleet.faults = {};
    world.deploy('QA', ['account']);
    await world.pass(60_000);
    expect(world.status('QA').services['account']).toMatchObject({ state: 'RUNNING', commit: 'a2' });
  });

  it('stops on one node before it starts on another, and comes back when it cannot start there', async () => {
    world.fleet.addAgent('micro-2', 'MICRO', 'engine-n', { account: { develop: 'a1', feature: 'a2' } });
    world.apply('QA', { services: { account: { branch: 'develop', node: 'micro-1' } } });
    await world.up();
    const up = (): string[] => world.fleet.all().filter((item) => item.service === 'account' && item.state === 'running').map((item) => item.node ?? '');
    expect(up()).toEqual(['micro-1']);
    world.fleet.faults.failure = (command) => (command.type === 'run' && command.service === 'account' ? 'container_exited' : undefined);
    const moved = { services: { account: { branch: 'develop', node: 'micro-2' } } };
    world.apply('QA', moved);
    await world.pass(20 * 60_000);
    expect(up()).toEqual(['micro-1']);
    world.fleet.faults = {};
    const sent = world.fleet.sent.length;
    world.deploy('QA', ['account']);
    for (let step = 0; step < 300; step += 1) {
      await world.pass(200);
      expect(up().length).toBeLessThan(2);
    }
    expect(up()).toEqual(['micro-2']);
    const order = world.fleet.sent.slice(sent).filter(({ command }) => 'service' in command && command.service === 'account');
    expect(order.map(({ node, command }) => `${command.type} ${node}`).filter((text) => /^(stop|run)/.test(text))).toEqual(['stop micro-1', 'run micro-2']);
  });

  it('does not start elsewhere while a silent node may still run it', async () => {
    world.fleet.addAgent('micro-2', 'MICRO', 'engine-n', { account: { develop: 'a1' } });
    world.apply('QA', { services: { account: { branch: 'develop', node: 'micro-1' } } });
    await world.up();
    world.fleet.disconnect('micro-1');
    await world.pass(60_000);
    world.apply('QA', { services: { account: { branch: 'develop', node: 'micro-2' } } });
    await world.pass(60_000);
    expect(world.fleet.all().filter((item) => item.service === 'account')).toHaveLength(1);
    world.fleet.connect('micro-1');
    await world.pass(60_000);
    expect(world.fleet.all().filter((item) => item.service === 'account').map((item) => item.node)).toEqual(['micro-2']);
  });
});
