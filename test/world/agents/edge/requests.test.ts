/** What an edge tells of the requests that it answered: where each went, and why it failed. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LABELS } from '#schema/names';
import type { EdgeRoutes, EdgeTarget } from '#schema/wire/commands';
import type { EdgeRequest } from '#schema/wire/requests';
import { edgeFor, get, network, observe, sandbox, service, startNode, subnetOf, type Answer, type EdgeUnderTest, type Node } from './edge-world.ts';

const A = sandbox('Noted');
type Noted = Omit<EdgeRequest, 'seq'>;

let node: Node;
let edge: EdgeUnderTest;
let gate: string;
let revision = 0;
const noted: Noted[] = [];
let missed = 0;

const container = (name: string, more: object = {}): EdgeTarget => ({ kind: 'container', container: `sandbox-${A.slug}-${name}`, port: 8080, ...more });
const put = (inside: Record<string, EdgeTarget>, more: Partial<EdgeRoutes> = {}): Promise<void> => {
  const routes: EdgeRoutes = {
    sandbox: A, revision: ++revision, subnet: subnetOf(node, 0), inside,
    outside: {
      8080: { service: 'gateway', kind: 'gateway', target: container('gateway') },
      9001: { service: 'account', kind: 'service', target: container('account') },
    },
    ...more,
  };
  return edge.apply(A, routes, `h${revision}`);
};
/** From inside of the sandbox; `id` follows the request through all hops. */
const call = (name: string, path: string, id: string): ReturnType<typeof get> => {
  const query = new URLSearchParams({ url: `http://${node.address}:7080${path}`, host: `${name}.sdp:7080` });
  query.append('header', `X-Request-Id:${id}`);
  query.append('header', 'Cookie:session=c00kie');
  return get(`${gate}/call?${query}`);
};
const about = async (id: string, count = 1): Promise<Noted[]> => {
  await expect.poll(() => noted.filter((each) => each.id === id).length).toBe(count);
  return noted.filter((each) => each.id === id);
};
const listen = (to: EdgeUnderTest): void => {
  to.onRequests((requests, lost) => {
    noted.push(...requests);
    missed += lost;
  });
};

beforeAll(async () => {
  node = await startNode('edge-log');
  gate = `http://${node.address}:8080`;
  await network(node.docker, A, subnetOf(node, 0));
  await service(node.docker, A, 'gateway');
  await service(node.docker, A, 'account');
  edge = edgeFor(node, 'micro-1');
  listen(edge);
  await edge.start();
  await put({ account: container('account') });
});

afterAll(async () => {
  await edge?.stop();
  await node?.engine.stop();
});

describe('requests', () => {
  it('are told with entry, sandbox, service, target and time, without query, cookies or authorization', async () => {
    const before = Date.now();
    await get(`${gate}/a/%22b%20;c?token=s3cret`, { 'x-request-id': 'one', cookie: 'session=c00kie', authorization: 'Bearer s3cret' });
    const [request] = await about('one');
    const address = (await observe(node.docker)).find((each) => each.name === 'sandbox-noted-gateway')?.address;
    expect(request).toEqual({
      at: expect.any(String) as string, id: 'one', entry: 'gateway', sandboxUid: A.uid, service: 'gateway', method: 'GET', path: '/a/%22b%20;c',
      status: 200, durationMs: expect.any(Number) as number, target: { kind: 'container', address: `${address}:8080` },
    });
    expect(Math.abs(Date.parse(request?.at ?? '') - before)).toBeLessThan(5_000);
    await call('account', '/x?token=s3cret', 'two');
    expect((await about('two'))[0]).toMatchObject({ entry: 'inside', sandboxUid: A.uid, service: 'account', path: '/x', status: 200 });
    expect(JSON.stringify(noted)).not.toMatch(/s3cret|c00kie/);
  });

  it('say why they failed at this hop', async () => {
    await put({
      account: container('account'),
      down: { kind: 'url', url: `http://${node.engine.hostAddress}:1` },
      gone: container('gone', { otherwise: 'The build of gone failed: no such module' }),
    });
    await call('gone', '/', 'gone');
    expect((await about('gone'))[0]).toMatchObject({ status: 503, service: 'gone', failure: 'The build of gone failed: no such module', target: { kind: 'none' } });
    await call('down', '/', 'down');
    expect((await about('down'))[0]).toMatchObject({
      status: 503, service: 'down', failure: 'the target took no connection', target: { kind: 'http', address: `${node.engine.hostAddress}:1`, host: `${node.engine.hostAddress}:1` },
    });
    await call('nobody', '/', 'nobody');
    expect((await about('nobody'))[0]).toMatchObject({ status: 404, service: 'nobody', failure: 'the sandbox has no such service', target: { kind: 'none' } });
    await get(`http://${node.address}:8099/`, { 'x-request-id': 'unused' });
    const [unused] = await about('unused');
    expect(unused).toMatchObject({ status: 404, entry: 'gateway', failure: 'no sandbox uses this port' });
    expect(unused).not.toHaveProperty('sandboxUid');
    await get(`http://${node.address}:9001/`, { 'x-request-id': 'foreign' });
    expect((await about('foreign'))[0]).toMatchObject({ status: 403, entry: 'service', service: 'account', sandboxUid: A.uid });
  });

  it('that a target ends without an answer get a page, also on a kept connection, and none but reads is sent twice', async () => {
    const connection = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (method: string, times: number, id: string): Promise<Answer> =>
      get(`${gate}/hangup?times=${times}`, { 'x-request-id': id }, connection, method);
    const asked = async (): Promise<number> => Number((await ask('GET', 0, 'count')).text) - 1;
    expect((await get(gate, {}, connection)).status, 'the first request of the connection').toBe(200);
    expect(await ask('GET', 1, 'once'), 'asked again').toMatchObject({ status: 200, text: '2\n' });
    expect(await ask('GET', 9, 'read')).toMatchObject({ status: 502, body: { title: 'gateway gave no answer', requestId: 'read' } });
    expect(await asked()).toBe(2);
    expect(await ask('POST', 9, 'write')).toMatchObject({ status: 502, headers: { 'x-sdp-sandbox': 'Noted', 'x-sdp-page': 'closed' } });
    expect(await asked()).toBe(1);
    for (const id of ['read', 'write']) {
      expect((await about(id))[0]).toMatchObject({ status: 502, service: 'gateway', failure: 'the target closed the connection before it answered', target: { kind: 'container' } });
    }
    expect(Object.values(connection.freeSockets).flat(), 'the connection was kept').toHaveLength(1);
    connection.destroy();
  });

  it('are marked where a redirect leads out of the sandbox', async () => {
    const to = async (location: string): Promise<Noted | undefined> => {
      const id = `r${noted.length}-${Math.random()}`;
      await get(`${gate}/redirect?to=${encodeURIComponent(location)}`, { 'x-request-id': id, host: 'app.example:8080' });
      return (await about(id))[0];
    };
    expect(await to('https://ocp-gateway.example/login?next=s3cret#t0ken')).toMatchObject({ location: 'https://ocp-gateway.example/login', leaves: true });
    expect(await to('//ocp-gateway.example/login')).toMatchObject({ leaves: true });
    expect(await to('http://app.example:8081/other-port')).toMatchObject({ leaves: true });
    for (const location of ['/login?x=1', 'next', 'http://app.example:8080/x', 'http://account.sdp:7080/x']) {
      const request = await to(location);
      expect(request?.location).toBe(location.replace(/\?.*/, ''));
      expect(request).not.toHaveProperty('leaves');
    }
  });

  it('are told once each across a reload, a new start of the agent and a killed HAProxy', async () => {
    const sent: string[] = [];
    const connection = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (agent: Agent | false): Promise<void> => {
      sent.push(`s${sent.length}`);
      expect((await get(gate, { 'x-request-id': sent.at(-1) as string }, agent)).status).toBe(200);
    };
    for (let i = 0; i < 5; i++) await ask(connection);
    await sleep(300);
    // The same agent goes on while the configuration changes: the connection's next request is the former worker's.
    await edge.stop();
    await ask(connection);
    edge = edgeFor(node, 'micro-1');
    listen(edge);
    await edge.start();
    for (let i = 0; i < 3; i++) await ask(connection);
    await sleep(300);
    await edge.stop();
    edge = edgeFor(node, 'micro-1', { ports: { gateway: { from: 8080, to: 8998 }, service: { from: 9001, to: 9999 }, allowFrom: [], shared: 7081 } });
    listen(edge);
    await sleep(300);
    await edge.start();
    await ask(connection);
    await ask(false);
    connection.destroy();
    await sleep(300);
    const [found] = await node.docker.listContainers({ filters: { label: [`${LABELS.role}=edge`] } });
    const { Pid } = (await node.docker.getContainer(found?.Id ?? '').inspect()).State;
    process.kill(Pid, 'SIGKILL');
    await expect.poll(() => get(gate, { 'x-request-id': 'back' }, false).then((answer) => answer.status, () => 0), { timeout: 40_000, interval: 100 }).toBe(200);
    await ask(false);
    await expect.poll(() => sent.filter((id) => !noted.some((each) => each.id === id))).toEqual([]);
    for (const id of sent) expect(noted.filter((each) => each.id === id)).toHaveLength(1);
    expect(missed).toBe(0);
  });

  it('let a worker end that was replaced', async () => {
    const master = `${node.engine.directory}/agent/edge/run/admin.sock`;
    const { oldWorkers } = await import('#agents/edge/workers');
    await expect.poll(async () => (await oldWorkers(master)).length, { timeout: 20_000 }).toBe(0);
  });
});
