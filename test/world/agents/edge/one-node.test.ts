/** One edge, two sandboxes: who reaches what, and that nothing is lost. */
import { execFile, spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LABELS } from '#schema/names';
import type { EdgeRoutes, EdgeTarget } from '#schema/wire/commands';
import { connectAddressSwitch } from '#agents/edge/index';
import { oldWorkers } from '#agents/edge/workers';
import {
  edgeFor, get, INSTALLATION, network, observe, sandbox, service, startNode, subnetOf, type EdgeUnderTest, type Node,
} from './edge-world.ts';

const run = promisify(execFile);
const A = sandbox('QA-Login');
const B = sandbox('qa-other');
const subnet = (ref: typeof A): string => subnetOf(node, ref === A ? 0 : 1);

let node: Node;
let edge: EdgeUnderTest;
let gate: string;
let revision = 0;

const routesOf = (ref: typeof A, port: number, inside: Record<string, EdgeTarget>, more: EdgeRoutes['outside'] = {}): EdgeRoutes => ({
  sandbox: ref,
  revision: ++revision,
  subnet: subnet(ref),
  inside,
  outside: { [port]: { service: 'gateway', kind: 'gateway', target: container(ref, 'gateway') }, ...more },
});
const container = (ref: typeof A, name: string): EdgeTarget => ({ kind: 'container', container: `sandbox-${ref.slug}-${name}`, port: 8080 });
const put = (routes: EdgeRoutes): Promise<void> => edge.apply(routes.sandbox, routes, `h${routes.revision}`);
/** Asks a service by its stable name, from inside of a sandbox by its gateway's port. */
const inside = (port: number, url: string, host = new URL(url).host): ReturnType<typeof get> => {
  const target = new URL(url);
  target.hostname = node.address;
  return get(`http://${node.address}:${port}/call?host=${encodeURIComponent(host)}&url=${encodeURIComponent(target.href)}`);
};
const startEdge = async (): Promise<void> => {
  edge = edgeFor(node, 'micro-1');
  await edge.start();
};
const known = async (): Promise<void> => edge.containersChanged(await observe(node.docker), []);
const edgeInfo = async () => {
  const [found] = await node.docker.listContainers({ filters: { label: [`${LABELS.role}=edge`] } });
  return node.docker.getContainer(found?.Id ?? '').inspect();
};

beforeAll(async () => {
  node = await startNode('edge-one');
  for (const ref of [A, B]) {
    await network(node.docker, ref, subnet(ref));
    for (const name of ['gateway', 'account']) await service(node.docker, ref, name);
  }
  gate = `http://${node.address}:8080`;
});

afterAll(async () => {
  await edge?.stop();
  await node?.engine.stop();
});

describe('the edge of one node', () => {
  it('says what image is missing and how to load it', async () => {
    edge = edgeFor(node, 'micro-1', { images: { runtime: '', edge: 'sdp-test/none:1' } }, 'none');
    await edge.start();
    expect(edge.state()).toMatchObject({ state: 'failed', message: expect.stringContaining('docker load') as string });
    await edge.stop();
  });

  it('starts with all listeners within seconds, less foreign ports', async () => {
    const foreign = spawn('nsenter', [`--net=${node.engine.netns}`, 'node', '-e', 'require("net").createServer().listen(8085,"127.0.0.1",()=>console.log("up"))']);
    await new Promise((resolve) => foreign.stdout?.once('data', resolve));
    const before = Date.now();
    await startEdge();
    console.info(`edge started in ${Date.now() - before} ms`);
    expect(edge.state()).toMatchObject({ owner: true, state: 'ready', foreignPorts: [8085] });
    const info = await edgeInfo();
    const { stdout } = await run('sh', ['-c', `grep -h VmRSS /proc/${info.State.Pid}/status /proc/$(cat /proc/${info.State.Pid}/task/*/children | tr -d ' ')/status`]);
    console.info(`memory of master and worker: ${stdout.replace(/\s+/g, ' ')}`);
    const page = await get(gate);
    expect(page.status).toBe(404);
    expect(page.body).toMatchObject({ title: 'Nothing lives here', hop: 'edge of micro-1, gateway port 8080' });
    expect((await get(`http://${node.address}:8999`, { accept: 'text/html' })).text).toContain('<h1>Nothing lives here</h1>');
    foreign.kill();
  });

  it('leads ports to gateways and names to services, each sandbox for itself', async () => {
    for (const [ref, port] of [[A, 8080], [B, 8081]] as const) {
      await put(routesOf(ref, port, { account: container(ref, 'account') }));
    }
    const answer = await get(`${gate}/path?x=1`, { host: 'app.example' });
    expect(answer.body).toMatchObject({ name: 'qa-login/gateway', path: '/path?x=1', host: 'app.example' });
    expect(answer.headers).toMatchObject({ 'x-sdp-sandbox': 'QA-Login', 'x-sdp-revision': '1' });
    expect(answer.headers['x-request-id']).toBe(answer.body.headers?.['x-request-id']);
    expect(answer.body.headers?.['x-forwarded-for']).toBe(node.engine.hostAddress);
    expect((await get(`http://${node.address}:8081`)).body.name).toBe('qa-other/gateway');
    expect((await inside(8080, 'http://account.sdp:7080/a')).body).toMatchObject({ name: 'qa-login/account', path: '/a' });
    expect((await inside(8081, 'http://account.sdp:7080/')).body.name).toBe('qa-other/account');
    expect(edge.state().routes).toEqual({ [A.uid]: 'h1', [B.uid]: 'h2' });
  });

  it('keeps a port open on one connection after its target was set', async () => {
    for (let i = 0; i < 5; i++) {
      expect((await get(gate)).body.name).toBe('qa-login/gateway');
      expect((await get(`${gate}/call?host=x`)).status).toBe(599);
    }
  });

  it('explains names that it does not know', async () => {
    const answer = await inside(8080, 'http://nobody.sdp:7080/');
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ title: 'No such service', sandbox: 'QA-Login' });
    expect((await inside(8080, 'http://account.sdp:7080/', 'account.example')).status).toBe(404);
  });

  it('lets no container into another sandbox', async () => {
    const other = await inside(8080, `http://${node.address}:8081/`);
    expect(other.status).toBe(403);
    expect(other.body.title).toBe('Another sandbox');
    expect((await inside(8080, `http://${node.address}:8080/`)).body.name).toBe('qa-login/gateway');
  });

  it('answers nobody outside of sandboxes on its inside port', async () => {
    await expect(get(`http://${node.address}:7080/`, { host: 'account.sdp' })).rejects.toThrow();
  });

  it('opens service ports to edges only', async () => {
    await put(routesOf(A, 8080, { account: container(A, 'account') }, { 9001: { service: 'account', kind: 'service', target: container(A, 'account') } }));
    const answer = await get(`http://${node.address}:9001/`, { 'x-sdp-hop': 'guess', 'x-sdp-hop-to': `${A.uid}/account` });
    expect(answer.status).toBe(403);
    expect(answer.body.title).toContain('edges of this installation');
    expect((await inside(8081, `http://${node.address}:9001/`)).status).toBe(403);
  });

  it('takes the marks of a hop off what comes from outside', async () => {
    const answer = await get(gate, { 'x-sdp-hop': 'x', 'x-sdp-hop-to': 'y' });
    expect(Object.keys(answer.body.headers ?? {}).filter((name) => name.startsWith('x-sdp-hop'))).toEqual([]);
  });

  it('flips 200 times under load without a failed request', async () => {
    await service(node.docker, A, 'account2', { says: 'qa-login/account2' });
    await known();
    const alone: number[] = [];
    for (let i = 0; i < 50; i++) {
      const before = performance.now();
      await put(routesOf(A, 8080, { account: container(A, i % 2 === 0 ? 'account2' : 'account') }));
      alone.push(performance.now() - before);
    }
    console.info(`flips without load: median ${alone.sort((a, b) => a - b)[25]?.toFixed(1)} ms`);
    const seen = new Map<string, number>();
    let running = true;
    const loop = async (): Promise<void> => {
      for (let i = 0; running && i < 20_000; i++) {
        const { status, body } = await inside(8080, 'http://account.sdp:7080/');
        const key = status === 200 ? String(body.name) : `failed ${status}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
        // A load, not saturation: the flips are timed in this same process.
        await sleep(2);
      }
    };
    const loops = Promise.all([loop(), loop()]);
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const name = i % 2 === 0 ? 'account2' : 'account';
      const routes = routesOf(A, 8080, { account: container(A, name) });
      const before = performance.now();
      await put(routes);
      times.push(performance.now() - before);
      expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe(`qa-login/${name}`);
    }
    running = false;
    await loops;
    times.sort((a, b) => a - b);
    console.info(`flips: median ${times[100]?.toFixed(1)} ms, p99 ${times[197]?.toFixed(1)} ms; answers ${JSON.stringify([...seen])}`);
    expect([...seen.keys()].sort()).toEqual(['qa-login/account', 'qa-login/account2']);
    // No benchmark, as other work may go on here: the figure above is some milliseconds on an idle machine.
    expect(times[100]).toBeLessThan(500);
  });

  it('follows a replacement by address, also when another agent switches', async () => {
    await put(routesOf(A, 8080, { account: container(A, 'account') }));
    const found = await node.docker.getContainer('sandbox-qa-login-account').inspect();
    const old = node.docker.getContainer(found.Id);
    const from = found.NetworkSettings.Networks['sandbox-qa-login']?.IPAddress ?? '';
    const next = await service(node.docker, A, 'account', { suffix: '-next', says: 'second' });
    await connectAddressSwitch(node.docker, INSTALLATION).readdress(from, next.address);
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('second');
    await known();
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('second');
    await old.rename({ name: 'sandbox-qa-login-account-old' });
    await next.container.rename({ name: 'sandbox-qa-login-account' });
    await known();
    await old.remove({ force: true });
    await known();
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('second');

    const third = await service(node.docker, A, 'account', { suffix: '-next', says: 'third' });
    await edge.readdress(next.address, third.address);
    await known();
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('third');
    await next.container.remove({ force: true });
    await third.container.rename({ name: 'sandbox-qa-login-account' });
    await known();
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('third');
  });

  it('says that a container is stopped', async () => {
    const account = node.docker.getContainer('sandbox-qa-login-account');
    await account.stop({ t: 0 });
    await known();
    const answer = await inside(8080, 'http://account.sdp:7080/');
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ service: 'account', detail: 'The container sandbox-qa-login-account is stopped' });
    await account.start();
    await known();
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('third');
  });

  it('gives the reason of an unavailable target as it was written, safely', async () => {
    await put(routesOf(A, 8080, { account: { kind: 'unavailable', reason: 'build of "<b>x</b>" failed; 100% \\ at #3 | ünï' } }));
    const answer = await inside(8080, 'http://account.sdp:7080/');
    expect(answer.body.detail).toBe('build of ”‹b›x‹/b›” failed; 100% ∖ at #3 | ünï');
    await put(routesOf(A, 8080, { account: container(A, 'account') }));
  });

  it('is found running, and left alone, by an agent that starts again', async () => {
    const before = await edgeInfo();
    const routes = edge.state().routes;
    await edge.stop();
    expect((await get(gate)).status).toBe(200);
    await startEdge();
    const after = await edgeInfo();
    expect(after.Id).toBe(before.Id);
    expect(after.State.StartedAt).toBe(before.State.StartedAt);
    expect(edge.state()).toMatchObject({ owner: true, state: 'ready', sharedPort: 7081, routes, foreignPorts: [] });
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('third');
  });

  it('reloads for a changed configuration without losing a request', async () => {
    const before = await edgeInfo();
    await edge.stop();
    let running = true;
    const failed: string[] = [];
    const loop = (async () => {
      for (let i = 0; running && i < 5_000; i++) await get(gate).then((a) => a.status === 200 || failed.push(String(a.status)), (e: unknown) => failed.push(String(e)));
    })();
    const ports = { gateway: { from: 8080, to: 8999 }, service: { from: 9001, to: 9999 }, allowFrom: [`${node.engine.hostAddress}/32`], shared: 7081 };
    edge = edgeFor(node, 'micro-1', { ports });
    const started = Date.now();
    await edge.start();
    console.info(`reload took ${Date.now() - started} ms`);
    running = false;
    await loop;
    expect(failed).toEqual([]);
    expect([edge.state().state, edge.state().message]).toEqual(['ready', undefined]);
    expect((await edgeInfo()).Id).toBe(before.Id);
    await put(routesOf(A, 8080, { account: container(A, 'account') }, { 9001: { service: 'account', kind: 'service', target: container(A, 'account') } }));
    expect((await get(`http://${node.address}:9001/`, {}, false)).body.name).toBe('third');
  });

  it('flips on idle connections of the worker before a reload, too', async () => {
    const connection = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (): ReturnType<typeof get> => get(gate, {}, connection);
    expect((await ask()).body.name).toBe('qa-login/gateway');
    await edge.stop();
    edge = edgeFor(node, 'micro-1');
    await edge.start();
    expect(await oldWorkers(`${node.engine.directory}/agent/edge/run/admin.sock`)).not.toEqual([]);
    const routes = routesOf(A, 8080, { account: container(A, 'account') });
    await put({ ...routes, outside: { 8080: { service: 'gateway', kind: 'gateway', target: container(B, 'gateway') } } });
    expect((await ask()).body.name).toBe('qa-other/gateway');
    await put(routesOf(A, 8080, { account: container(A, 'account') }));
    expect((await ask()).body.name).toBe('qa-login/gateway');
    connection.destroy();
  });

  it('comes back with the same routes when HAProxy is killed', async () => {
    const pid = (await edgeInfo()).State.Pid;
    const killed = Date.now();
    process.kill(pid, 'SIGKILL');
    for (let i = 0; i < 600; i++) {
      const ok = await get(gate).then((answer) => answer.status === 200, () => false);
      if (ok && (await edgeInfo()).State.Pid !== pid) break;
      await sleep(50);
    }
    console.info(`back after kill -9 in ${Date.now() - killed} ms`);
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('third');
    await put(routesOf(A, 8080, { account: container(B, 'account') }));
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('qa-other/account');
  });

  it('comes back when somebody removes its container', async () => {
    await node.docker.getContainer((await edgeInfo()).Id).remove({ force: true });
    await known();
    expect(edge.state().state).toBe('ready');
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('qa-other/account');
  });

  it('refuses routes that cannot be written, and keeps those in force', async () => {
    const bad = { ...routesOf(A, 8080, {}), subnet: 'x; clear map' };
    await expect(put(bad)).rejects.toThrow('is no IPv4 subnet');
    expect((await inside(8080, 'http://account.sdp:7080/')).body.name).toBe('qa-other/account');
  });

  it('forgets a deleted sandbox, and its port is nobody\'s', async () => {
    await edge.apply(A, null, '');
    expect(edge.state().routes).toEqual({ [B.uid]: 'h2' });
    expect((await get(gate)).body.title).toBe('Nothing lives here');
    expect((await inside(8081, 'http://account.sdp:7080/')).body.name).toBe('qa-other/account');
  });
});
