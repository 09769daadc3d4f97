import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerName } from '#schema/names';
import { addressIn, fetchText, never, orderOf, remembering, startEngineWorld, type EngineWorld } from './world.ts';

let world: EngineWorld;
const cli = (...args: string[]): Promise<string> =>
  promisify(execFile)('docker', ['-H', `unix://${world.docker.socket}`, ...args]).then((out) => out.stdout.trim());

beforeAll(async () => {
  world = await startEngineWorld('replace');
});
afterAll(() => world.docker.stop());

interface Loop {
  ok: number;
  failed: number;
  errors: Record<string, number>;
  versions: Record<string, number>;
  maxMs: number;
}

describe('replacing a running container', () => {
  it('answers every request by name, also at a second replacement, and leaves one container', async () => {
    const sandbox = await world.sandbox('gap', 0);
    const name = containerName('gap', 'account');
    const client = orderOf(sandbox, 'client', {}, null, 'client');
    await world.engine.run(client, remembering(), never());
    const clientAddress = await addressIn(world.engine, client.container.name);
    let last = (await world.engine.run(orderOf(sandbox, 'one'), remembering(), never())).containerId;
    for (const version of ['two', 'three', 'four']) {
      const loop = fetchText(`http://${clientAddress}:8080/loop?ms=4000&url=http://${name}:8080/`);
      const before = Date.now();
      const reporter = remembering();
      const { containerId } = await world.engine.run(orderOf(sandbox, version, {}, last), reporter, never());
      const took = Date.now() - before;
      const result = JSON.parse(await loop) as Loop;
      console.info(`replacement ${version}: ${took} ms, ${JSON.stringify(result)}`);
      expect(result.errors).toEqual({});
      // Longer than two lost packets take (1 s and 2 s): nobody waited for a container that was not there.
      expect(result.maxMs).toBeLessThan(3_500);
      expect(result.versions[version]).toBeGreaterThan(0);
      expect(reporter.events).toEqual(['DEPLOY_STARTED', 'HEALTH_CHECK_STARTED', 'HEALTH_CHECK_PASSED', 'SWITCH_COMPLETED']);
      expect(containerId).not.toBe(last);
      last = containerId;
    }
    const left = (await world.engine.state()).containers.filter((one) => one.service === 'account' && one.sandboxUid === sandbox.uid);
    expect(left).toMatchObject([{ id: last, name, state: 'running', health: 'healthy' }]);
  });

  it('lets an open request on the old container finish', async () => {
    const sandbox = await world.sandbox('drain', 1);
    const first = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    const second = await world.engine.run(orderOf(sandbox, 'two', {}, first.containerId), remembering(), never());
    const client = orderOf(sandbox, 'client', {}, null, 'client');
    await world.engine.run(client, remembering(), never());
    const loop = `http://${await addressIn(world.engine, client.container.name)}:8080/loop?ms=1&url=`;
    const url = `http://${containerName('drain', 'account')}:8080/?ms=2500`;
    const slow = fetchText(loop + encodeURIComponent(url)).then((text) => (JSON.parse(text) as Loop).versions);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await world.engine.run(orderOf(sandbox, 'three', { drainSeconds: 10 }, second.containerId), remembering(), never());
    await expect(slow).resolves.toEqual({ two: 1 });
  });

  it('tells the edge the old and the new address before the old container goes', async () => {
    const sandbox = await world.sandbox('switch', 2);
    const switches: string[][] = [];
    const engine = world.open({
      addressSwitch: () => ({
        readdress: async (from, to) => {
          switches.push([from, await fetchText(`http://${from}:8080/`), to, await fetchText(`http://${to}:8080/`)]);
        },
      }),
    });
    const { containerId } = await engine.run(orderOf(sandbox, 'one'), remembering(), never());
    const from = await addressIn(engine, containerName('switch', 'account'));
    await engine.run(orderOf(sandbox, 'two', {}, containerId), remembering(), never());
    const to = await addressIn(engine, containerName('switch', 'account'));
    expect(switches).toEqual([[from, 'one', to, 'two']]);
  });

  it('keeps the running version when the new one is never healthy (FAILURE_MODES 21, 22)', async () => {
    const sandbox = await world.sandbox('sick', 3);
    const { containerId } = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    const sick = orderOf(sandbox, 'two', { variables: { SICK: '1', SAY: 'I feel bad' }, startSeconds: 1 }, containerId);
    await expect(world.engine.run(sick, remembering(), never())).rejects.toMatchObject({
      code: 'health_check_failed',
      message: expect.stringContaining('I feel bad') as string,
    });
    expect((await world.engine.state()).containers.filter((one) => one.sandboxUid === sandbox.uid)).toMatchObject([
      { id: containerId, state: 'running' },
    ]);
  });

  it('says how a new container ended and what it printed, without its secrets', async () => {
    const sandbox = await world.sandbox('exit', 4);
    const reporter = remembering();
    const order = orderOf(sandbox, 'one', { variables: { EXIT: '3', SAY: 'cannot reach db|password is hunter22', DB_PASSWORD: 'hunter22' } });
    await expect(world.engine.run(order, reporter, never())).rejects.toMatchObject({
      code: 'container_exited',
      message: expect.stringMatching(/(code 3|restarted)[^]*cannot reach db\npassword is \*\*\*/) as string,
    });
    expect(reporter.lines).toContain('[RUN] cannot reach db');
    expect(reporter.lines.join()).not.toContain('hunter22');
    expect((await world.engine.state()).containers.filter((one) => one.sandboxUid === sandbox.uid)).toEqual([]);
  });

  it('starts the former version again when a recreated one fails', async () => {
    const sandbox = await world.sandbox('recreate', 5);
    const { containerId } = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    const bad = orderOf(sandbox, 'two', { replace: 'recreate', variables: { EXIT: '1' } }, containerId);
    await expect(world.engine.run(bad, remembering(), never())).rejects.toMatchObject({ code: 'container_exited' });
    const name = containerName('recreate', 'account');
    await expect.poll(async () => fetchText(`http://${await addressIn(world.engine, name)}:8080/`), { timeout: 20_000 }).toBe('one');
    const good = orderOf(sandbox, 'three', { replace: 'recreate' }, containerId);
    const { containerId: third } = await world.engine.run(good, remembering(), never());
    expect(await fetchText(`http://${await addressIn(world.engine, name)}:8080/`)).toBe('three');
    expect((await world.engine.state()).containers.filter((one) => one.sandboxUid === sandbox.uid).map((one) => one.id)).toEqual([third]);
  });

  it('goes on with what is left of a drain when somebody else removes the predecessor', async () => {
    const sandbox = await world.sandbox('drained', 13);
    const name = containerName('drained', 'account');
    const labels = ['installation=installation-a', 'node=micro-1', `sandbox=${sandbox.uid}`, 'service=account', 'hash=v1:older', 'image=sdp/probe:1', 'port=8080'];
    const old = async (secondsAgo: number): Promise<{ id: string; address: string }> => {
      const label = `${name}.old-abcdef0${secondsAgo}-${Date.now() - secondsAgo * 1000}`;
      const id = (await cli('run', '-d', '--init', '--name', label, '--network', 'sandbox-drained', ...labels.flatMap((each) => ['--label', `sdp.${each}`]), '-e', 'PORT=8080', 'sdp/probe:1')).trim();
      return { id, address: await addressIn(world.engine, label) };
    };
    const removal = async ({ id, address }: { id: string; address: string }, signal = never()): Promise<number> => {
      await expect.poll(() => fetchText(`http://${address}:8080/`).then(() => true, () => false), { timeout: 20_000 }).toBe(true);
      const connection = connect(8080, address);
      await once(connection, 'connect');
      connection.on('error', () => undefined);
      const since = Date.now();
      try {
        await world.engine.removeContainer(id, { port: 8080, seconds: 6 }, signal);
        return Date.now() - since;
      } finally {
        connection.destroy();
      }
    };
    expect(await removal(await old(0))).toBeGreaterThan(4_500);
    expect(await removal(await old(9)), 'its time was over').toBeLessThan(4_500);
    const kept = await old(1);
    await expect(removal(kept, AbortSignal.timeout(1_500))).rejects.toThrow();
    expect((await world.engine.state()).containers.find(({ id }) => id === kept.id)?.state, 'a cancelled removal leaves it').toBe('running');
    await world.engine.removeContainer(kept.id);
  });

  it('never runs two copies at once when it recreates, also when an earlier one still drains', async () => {
    const sandbox = await world.sandbox('alone', 9);
    const name = containerName('alone', 'account');
    const { containerId } = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    // An agent that was killed while a replaced container drained left that one.
    const labels = ['installation=installation-a', 'node=micro-1', `sandbox=${sandbox.uid}`, 'service=account', 'hash=v1:older', 'image=sdp/probe:1', 'port=8080'];
    await cli('run', '-d', '--name', `${name}.old-abcdef01`, '--network', 'sandbox-alone', ...labels.flatMap((label) => ['--label', `sdp.${label}`]), '-e', 'PORT=8080', 'sdp/probe:1');
    const since = new Date().toISOString();
    const reporter = remembering();
    const { containerId: two } = await world.engine.run(orderOf(sandbox, 'two', { replace: 'recreate' }, containerId), reporter, never());
    const until = new Date(Date.now() + 1).toISOString();
    const events = await cli('events', '--since', since, '--until', until, '--filter', `label=sdp.sandbox=${sandbox.uid}`, '--filter', 'type=container', '--format', '{{.Action}} {{.ID}}');
    const order = events.split('\n').filter((line) => /^(start|die) /.test(line)).map((line) => (line.endsWith(two) ? `${line.split(' ')[0]} new` : (line.split(' ')[0] ?? '')));
    expect(order).toEqual(['die', 'die', 'start new']);
    expect(reporter.lines.filter((line) => line.includes('Stopping'))).toHaveLength(1);
    expect((await world.engine.state()).containers.filter((one) => one.sandboxUid === sandbox.uid)).toMatchObject([{ id: two, name, state: 'running', health: 'healthy' }]);
  });

  it('stops nothing for a recreation that cannot be: a missing image, a file that cannot be copied', async () => {
    const sandbox = await world.sandbox('early', 10);
    const { containerId } = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    const { State } = JSON.parse(await cli('inspect', '--format', '{{json .}}', containerId)) as { State: { StartedAt: string } };
    const missing = orderOf(sandbox, 'two', { replace: 'recreate', image: 'sdp/none:1' }, containerId);
    await expect(world.engine.run(missing, remembering(), never())).rejects.toMatchObject({ code: 'missing_base_image' });
    const file = orderOf(sandbox, 'two', { replace: 'recreate', files: { '/probe/below-a-file': 'x' } }, containerId);
    await expect(world.engine.run(file, remembering(), never())).rejects.toThrow();
    const after = JSON.parse(await cli('inspect', '--format', '{{json .}}', containerId)) as { State: { StartedAt: string; Running: boolean } };
    expect(after.State).toMatchObject({ StartedAt: State.StartedAt, Running: true });
    expect((await world.engine.state()).containers.filter((one) => one.sandboxUid === sandbox.uid)).toHaveLength(1);
  });

  it('starts the former version again when the agent was killed in the gap of a recreation that then fails', async () => {
    const sandbox = await world.sandbox('gap-kill', 11);
    const name = containerName('gap-kill', 'account');
    const { containerId } = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    await world.engine.stopContainer(containerId);
    const sick = orderOf(sandbox, 'two', { replace: 'recreate', variables: { SICK: '1' }, startSeconds: 1 }, containerId);
    await expect(world.engine.run(sick, remembering(), never())).rejects.toMatchObject({ code: 'health_check_failed' });
    await expect.poll(async () => fetchText(`http://${await addressIn(world.engine, name)}:8080/`)).toBe('one');
    await world.engine.stopContainer(containerId);
    const missing = orderOf(sandbox, 'two', { replace: 'recreate', image: 'sdp/none:1' }, containerId);
    await expect(world.engine.run(missing, remembering(), never())).rejects.toMatchObject({ code: 'missing_base_image' });
    await expect.poll(async () => fetchText(`http://${await addressIn(world.engine, name)}:8080/`)).toBe('one');
  });

  it('lets a long connection live for its drain time and no longer, also when the run was cancelled and another came', async () => {
    const sandbox = await world.sandbox('long', 12);
    const name = containerName('long', 'account');
    const one = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    const began = Date.now();
    const long = fetchText(`http://${await addressIn(world.engine, name)}:8080/?ms=20000`).then(() => 'answered', () => Date.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const controller = new AbortController();
    const draining = world.engine.run(orderOf(sandbox, 'two', { drainSeconds: 4 }, one.containerId), remembering(), controller.signal);
    await expect.poll(async () => fetchText(`http://${await addressIn(world.engine, name)}:8080/`)).toBe('two');
    const replaced = Date.now() - began;
    controller.abort('something newer was asked for');
    await expect(draining).rejects.toMatchObject({ code: 'cancelled' });
    const { id } = (await world.engine.state()).containers.find((container) => container.name === name) ?? { id: '' };
    const reporter = remembering();
    await world.engine.run(orderOf(sandbox, 'three', { drainSeconds: 4 }, id), reporter, never());
    const ended = await long;
    expect(ended).not.toBe('answered');
    // Its four seconds count from when it was replaced, not from the third version.
    const drains = reporter.lines.flatMap((line) => /at most (\d+) s/.exec(line)?.[1] ?? []).map(Number).sort();
    expect(drains).toEqual([expect.any(Number), 4]);
    expect(drains[0], 'in whole seconds').toBeLessThanOrEqual(4);
    expect(Number(ended) - replaced).toBeGreaterThan(3_000);
    // The probe takes up to five seconds to end after TERM.
    expect(Number(ended) - replaced).toBeLessThan(14_000);
    expect((await world.engine.state()).containers.filter((container) => container.sandboxUid === sandbox.uid)).toHaveLength(1);
  });

  it('goes on from every point at which an earlier run can have died', async () => {
    const sandbox = await world.sandbox('resume', 6);
    const name = containerName('resume', 'account');
    const family = async (): Promise<string[]> =>
      (await world.engine.state()).containers.filter((one) => one.sandboxUid === sandbox.uid).map((one) => one.id);
    const one = orderOf(sandbox, 'one');
    const { containerId } = await world.engine.run(one, remembering(), never());
    // Delivered twice: one effect.
    expect((await world.engine.run(one, remembering(), never())).containerId).toBe(containerId);
    // Died after the stop of a suspended one.
    await world.engine.stopContainer(containerId);
    expect((await world.engine.run({ ...one, expects: containerId }, remembering(), never())).containerId).toBe(containerId);
    expect(await fetchText(`http://${await addressIn(world.engine, name)}:8080/`)).toBe('one');
    // Died between the two renames.
    const two = await world.engine.run(orderOf(sandbox, 'two', {}, containerId), remembering(), never());
    await cli('rename', name, `${name}.next-two00000`);
    expect((await world.engine.run(orderOf(sandbox, 'two', {}, containerId), remembering(), never())).containerId).toBe(two.containerId);
    // Died after creating, before starting; and something older was left behind, too.
    const network = ['--network', `sandbox-resume`];
    const labels = (version: string): string[] => ['installation=installation-a', 'node=micro-1', `sandbox=${sandbox.uid}`,
      'service=account', `hash=v1:${version}`, 'image=sdp/probe:1', 'port=8080'].flatMap((label) => ['--label', `sdp.${label}`]);
    const made = await cli('create', '--name', `${name}.next-three000`, ...network, ...labels('three0000000'), '-e', 'VERSION=three', '-e', 'PORT=8080', 'sdp/probe:1');
    await cli('create', '--name', `${name}.next-stale000`, ...network, ...labels('stale0000000'), 'sdp/probe:1');
    await cli('run', '-d', '--name', `${name}.old-abcdef01`, ...network, ...labels('older0000000'), '-e', 'PORT=8080', 'sdp/probe:1');
    expect((await world.engine.run(orderOf(sandbox, 'three', {}, two.containerId), remembering(), never())).containerId).toBe(made);
    expect(await family()).toEqual([made]);
  });

  it('refuses an order whose plan saw another container', async () => {
    const sandbox = await world.sandbox('expects', 7);
    const { containerId } = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    await expect(world.engine.run(orderOf(sandbox, 'two', {}, null), remembering(), never())).rejects.toMatchObject({ code: 'precondition_failed' });
    expect((await world.engine.state()).containers.filter((one) => one.sandboxUid === sandbox.uid)).toMatchObject([{ id: containerId, state: 'running' }]);
  });

  it('leaves nothing of the new one when the work is cancelled', async () => {
    const sandbox = await world.sandbox('cancel', 8);
    const { containerId } = await world.engine.run(orderOf(sandbox, 'one'), remembering(), never());
    const controller = new AbortController();
    const slow = orderOf(sandbox, 'two', { variables: { START_MS: '60000' }, startSeconds: 60 }, containerId);
    const running = world.engine.run(slow, remembering(), controller.signal);
    setTimeout(() => controller.abort('superseded'), 1_000);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect((await world.engine.state()).containers.filter((one) => one.sandboxUid === sandbox.uid)).toMatchObject([{ id: containerId, state: 'running' }]);
  });
});
