/** Two engines with an edge each: hops between them, and a baseline behind a private CA. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EdgeRoutes, EdgeTarget } from '#schema/wire/commands';
import type { EdgeRequest } from '#schema/wire/requests';
import { edgeFor, get, network, sandbox, service, startNode, subnetOf, type EdgeUnderTest, type Node } from './edge-world.ts';

const run = promisify(execFile);
const A = sandbox('Two-A');
const B = sandbox('Two-B');
/** Of a link between the two nodes alone. */
const LINK = { gateways: '198.19.99.1', services: '198.19.99.2' };
const GOOD = 'payment-dev.sdp-test.example';
const WRONG = 'other-dev.sdp-test.example';

let gateways: Node;
let services: Node;
let front: EdgeUnderTest;
let back: EdgeUnderTest;
let baseline: Server;
let baselinePort: number;
let revision = 0;
const noted: (Omit<EdgeRequest, 'seq'> & { by: string })[] = [];

const put = (edge: EdgeUnderTest, routes: Omit<EdgeRoutes, 'revision'>): Promise<void> =>
  edge.apply(routes.sandbox, { ...routes, revision: ++revision }, `h${revision}`);
const here = (ref: typeof A, name: string): EdgeTarget => ({ kind: 'container', container: `sandbox-${ref.slug}-${name}`, port: 8080 });
const frontRoutes = (ref: typeof A, account: EdgeTarget): Omit<EdgeRoutes, 'revision'> => ({
  sandbox: ref,
  subnet: subnetOf(gateways, ref === A ? 0 : 1),
  inside: { account },
  outside: { [ref === A ? 8080 : 8081]: { service: 'gateway', kind: 'gateway', target: here(ref, 'gateway') } },
});
const backRoutes = (ref: typeof A, port: number): Omit<EdgeRoutes, 'revision'> => ({
  sandbox: ref,
  subnet: subnetOf(services, ref === A ? 0 : 1),
  inside: {},
  outside: { [port]: { service: 'account', kind: 'service', target: here(ref, 'account') } },
});
const hop = (port: number, owner?: string): EdgeTarget => ({ kind: 'node', address: LINK.services, port, ...(owner === undefined ? {} : { sandbox: owner }) });
const askAccount = (ref: typeof A, path = '/', headers: string[] = []): ReturnType<typeof get> => {
  const query = new URLSearchParams({ url: `http://${gateways.address}:7080${path}`, host: 'account.sdp:7080' });
  for (const header of headers) query.append('header', header);
  return get(`http://${gateways.address}:${ref === A ? 8080 : 8081}/call?${query}`);
};

beforeAll(async () => {
  [gateways, services] = await Promise.all([startNode('edge-gw'), startNode('edge-micro')]);
  const [one, other] = [gateways, services].map((node) => ['sdplink', 'netns', node.engine.namespace]) as [string[], string[]];
  await run('ip', ['link', 'add', ...one, 'type', 'veth', 'peer', 'name', ...other]);
  for (const [node, address] of [[gateways, LINK.gateways], [services, LINK.services]] as const) {
    await node.engine.exec('ip', ['addr', 'add', `${address}/30`, 'dev', 'sdplink']);
    await node.engine.exec('ip', ['link', 'set', 'sdplink', 'up']);
  }
  for (const [i, ref] of [A, B].entries()) {
    await network(gateways.docker, ref, subnetOf(gateways, i));
    await network(services.docker, ref, subnetOf(services, i));
    await service(gateways.docker, ref, 'gateway');
    await service(services.docker, ref, 'account');
  }
  const caFile = await startBaseline(gateways.engine.directory);
  front = edgeFor(gateways, 'gateway-1', {
    baseline: { caFile, hosts: { [GOOD]: gateways.engine.hostAddress, [WRONG]: gateways.engine.hostAddress }, dns: [] },
  });
  back = edgeFor(services, 'micro-1');
  front.onRequests((requests) => void noted.push(...requests.map((each) => ({ ...each, by: 'front' }))));
  back.onRequests((requests) => void noted.push(...requests.map((each) => ({ ...each, by: 'back' }))));
  await Promise.all([front.start(), back.start()]);
  await put(back, backRoutes(A, 9001));
  await put(back, backRoutes(B, 9002));
  await put(front, frontRoutes(A, hop(9001)));
  await put(front, frontRoutes(B, hop(9002)));
});

afterAll(async () => {
  await front?.stop();
  await back?.stop();
  baseline?.close();
  await gateways?.engine.stop();
  await services?.engine.stop();
});

/** HTTPS under GOOD's certificate only, from a CA that nobody else knows. */
async function startBaseline(directory: string): Promise<string> {
  const at = join(directory, 'ca');
  await mkdir(at);
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: at });
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Private CA');
  await openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${GOOD}`);
  await writeFile(join(at, 'ext'), `subjectAltName=DNS:${GOOD}`);
  await openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext', '-out', 'server.pem');
  baseline = createServer(
    { key: await readFile(join(at, 'server.key')), cert: await readFile(join(at, 'server.pem')) },
    (request, response) => {
      response.setHeader('content-type', 'application/json');
      const { servername } = request.socket as unknown as { servername: string };
      response.end(JSON.stringify({ name: 'baseline', host: request.headers.host, path: request.url, headers: request.headers, servername }));
    },
  );
  await new Promise<void>((resolve) => baseline.listen(0, gateways.engine.hostAddress, resolve));
  baselinePort = (baseline.address() as { port: number }).port;
  return join(at, 'ca.pem');
}

describe('two nodes', () => {
  it('lead a request from edge to edge, and hand it on without the marks of the hop', async () => {
    const answer = await askAccount(A, '/x?y=1');
    expect(answer.body).toMatchObject({ name: 'two-a/account', path: '/x?y=1', host: 'account.sdp:7080' });
    expect(Object.keys(answer.body.headers ?? {}).filter((name) => name.includes('sdp'))).toEqual([]);
    expect((await askAccount(B)).body.name).toBe('two-b/account');
  });

  it('check a target behind both, which neither notes, and find where the way ends', async () => {
    const result = () => front.state().checks?.[A.uid]?.account;
    await put(front, { ...frontRoutes(A, hop(9001)), health: { account: '/checked' } });
    await expect.poll(result, { timeout: 20_000 }).toMatchObject({ ok: true, status: 200 });
    expect(noted.filter((each) => each.path === '/checked')).toEqual([]);
    await put(back, { ...backRoutes(A, 9001), outside: { 9001: { service: 'account', kind: 'service', target: { kind: 'unavailable', reason: 'It is suspended' } } } });
    await put(front, { ...frontRoutes(A, hop(9001)), health: { account: '/checked-again' } });
    await expect.poll(result, { timeout: 20_000 }).toMatchObject({ ok: false, status: 503, message: 'It is suspended (edge of micro-1, service port 9001).' });
    await put(back, backRoutes(A, 9001));
    await put(front, frontRoutes(A, hop(9001)));
  });

  it('are believed to check by their mark alone', async () => {
    const query = new URLSearchParams({ url: `http://${gateways.address}:7080/`, host: 'account.sdp:7080' });
    for (const header of ['X-Sdp-Check:guess', 'X-Request-Id:guess']) query.append('header', header);
    await get(`http://${gateways.address}:8080/call?${query}`);
    await expect.poll(() => noted.filter((each) => each.id === 'guess').map(({ by, entry, target }) => `${by} ${entry} ${target.kind}`).sort())
      .toEqual(['back service container', 'front inside node']);
  });

  it('keep one request id over all hops', async () => {
    const answer = await askAccount(A, '/', ['X-Request-Id:trace-1']);
    expect(answer.body.headers?.['x-request-id']).toBe('trace-1');
  });

  it('refuse a hop that was meant for another sandbox', async () => {
    await put(front, frontRoutes(A, hop(9002)));
    const answer = await askAccount(A);
    expect(answer.status).toBe(421);
    expect(answer.body).toMatchObject({ title: 'The port belongs to something else now', hop: 'edge of micro-1, service port 9002' });
    await put(front, frontRoutes(A, hop(9002, B.uid)));
    expect((await askAccount(A)).body.name).toBe('two-b/account');
    await put(front, frontRoutes(A, hop(9001)));
  });

  it('believe no container of the other node, although it comes from the address of its host', async () => {
    const query = new URLSearchParams({ url: `http://${LINK.services}:9002/` });
    const answer = await get(`http://${gateways.address}:8080/call?${query}`);
    expect(answer.status).toBe(403);
    expect(answer.body.hop).toBe('edge of micro-1, service port 9002');
  });

  it('name the hop that fails when the link is cut, and go on when it is back', async () => {
    await services.engine.exec('ip', ['link', 'set', 'sdplink', 'down']);
    // On a kept connection, and on a new one.
    const asked = Date.now();
    const [failed, again] = [await askAccount(A), await askAccount(A)];
    console.info(`a cut link: ${failed.status} and ${again.status} after ${Date.now() - asked} ms together`);
    await services.engine.exec('ip', ['link', 'set', 'sdplink', 'up']);
    expect([502, 503]).toContain(failed.status);
    expect(again.status).toBe(503);
    expect(failed.body).toMatchObject({ hop: 'edge of gateway-1, inside port 7080', service: 'account' });
    expect(failed.body.detail).toContain(`${LINK.services} port 9001`);
    await expect.poll(async () => (await askAccount(A)).body.name, { timeout: 40_000 }).toBe('two-a/account');
  });
});

describe('the baseline', () => {
  const url = (host: string, path = ''): EdgeTarget => ({ kind: 'url', url: `https://${host}:${baselinePort}${path}` });

  it('is reached over TLS under a name that only baseline.hosts knows, with its path prefix', async () => {
    await put(front, frontRoutes(A, url(GOOD, '/base/')));
    const answer = await askAccount(A, '/orders?id=1', ['X-Sdp-Hop:x']);
    expect(answer.body).toMatchObject({ name: 'baseline', host: `${GOOD}:${baselinePort}`, path: '/base/orders?id=1', servername: GOOD });
    expect(answer.body.headers).not.toHaveProperty('x-sdp-hop');
  });

  it('is refused when its certificate is for another name, or of another CA', async () => {
    await put(front, frontRoutes(A, url(WRONG)));
    const answer = await askAccount(A);
    expect(answer.status).toBe(503);
    expect(answer.body.detail).toContain('certificate is not the right one');
    await put(front, frontRoutes(A, { kind: 'url', url: `https://${gateways.engine.hostAddress}:${baselinePort}` }));
    expect((await askAccount(A)).status).toBe(503);
    await put(front, frontRoutes(A, url(GOOD)));
    expect((await askAccount(A)).status).toBe(200);
  });

  it('is explained when its name cannot be resolved', async () => {
    await put(front, frontRoutes(A, url('nobody.sdp-test.invalid')));
    const answer = await askAccount(A);
    expect(answer.status).toBe(502);
    expect(answer.body.detail).toBe('The name nobody.sdp-test.invalid cannot be resolved on this node');
  });

  it('moves back and forth within a flip', async () => {
    for (let i = 0; i < 20; i++) {
      await put(front, frontRoutes(A, i % 2 === 0 ? url(GOOD) : hop(9001)));
      expect((await askAccount(A)).body.name).toBe(i % 2 === 0 ? 'baseline' : 'two-a/account');
    }
  });
});
