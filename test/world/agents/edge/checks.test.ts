/** Whether routed targets can be reached, as an edge finds out by itself; and checks of URLs. */
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EdgeRoutes, EdgeTarget } from '#schema/wire/commands';
import type { TargetCheck } from '#schema/wire/report';
import type { EdgeRequest } from '#schema/wire/requests';
import { edgeFor, network, observe, sandbox, service, startNode, subnetOf, type EdgeUnderTest, type Node } from './edge-world.ts';

const run = promisify(execFile);
const A = sandbox('checked');
const NAME = 'payment-dev.sdp-test.example';
const WRONG = 'other-dev.sdp-test.example';

let node: Node;
let edge: EdgeUnderTest;
let baseline: Server;
let silent: TcpServer;
let revision = 0;
let changes = 0;
let baselineStatus = 200;
const noted: Omit<EdgeRequest, 'seq'>[] = [];
const asked: { path: string; headers: Record<string, unknown> }[] = [];

const port = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
const container: EdgeTarget = { kind: 'container', container: 'sandbox-checked-account', port: 8080 };
const put = (account: EdgeTarget, more: Partial<EdgeRoutes> = {}): Promise<void> =>
  edge.apply(A, { sandbox: A, revision: ++revision, subnet: subnetOf(node, 0), inside: { account }, outside: {}, ...more }, `h${revision}`);
const result = (): TargetCheck | undefined => edge.state().checks?.[A.uid]?.account;
/** Of the routes in force: results of former ones are not told. */
const checked = async (): Promise<TargetCheck> => {
  await expect.poll(result, { timeout: 30_000 }).toBeDefined();
  return result() as TargetCheck;
};
const url = (host: string, path = ''): EdgeTarget => ({ kind: 'url', url: `https://${host}:${port(baseline)}${path}` });

beforeAll(async () => {
  node = await startNode('edge-checks');
  await network(node.docker, A, subnetOf(node, 0));
  await service(node.docker, A, 'account');
  const at = join(node.engine.directory, 'ca');
  await mkdir(at);
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`], { cwd: at });
  baseline = createServer({ key: await readFile(join(at, 'key.pem')), cert: await readFile(join(at, 'cert.pem')) }, (request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    response.writeHead(baselineStatus).end('x');
  });
  silent = createTcp(() => undefined);
  for (const server of [baseline, silent]) await new Promise<void>((resolve) => void server.listen(0, node.engine.hostAddress, resolve));
  const hosts = { [NAME]: node.engine.hostAddress, [WRONG]: node.engine.hostAddress, 'inside.example': subnetOf(node, 0).replace('0/26', '9') };
  edge = edgeFor(node, 'micro-1', { baseline: { caFile: join(at, 'cert.pem'), hosts, dns: [] } }, 'agent', { onChange: () => void (changes += 1) });
  edge.onRequests((requests) => void noted.push(...requests));
  await edge.start();
});

afterAll(async () => {
  await edge?.stop();
  baseline?.close();
  silent?.close();
  await node?.engine.stop();
});

describe('a routed target', () => {
  it('is asked from inside of the sandbox after its route changed, and found well', async () => {
    await put(container, { health: { account: '/status?code=404' } });
    expect(await checked()).toMatchObject({ ok: true, step: 'answer', status: 404 });
    expect(changes).toBeGreaterThan(0);
    await put(container, { health: { account: '/status?code=503' } });
    // A service that pretends to be a page of the edge is no page.
    expect(await checked()).toMatchObject({ ok: false, step: 'answer', status: 503, message: 'It answered 503 to GET /status?code=503.' });
  });

  it('is neither noted nor given faults when it is checked', async () => {
    const until = new Date(Date.now() + 60_000).toISOString();
    await put(container, { faults: { account: { kind: 'status', status: 500, percent: 100, until } }, health: { account: '/unnoted' } });
    expect(await checked()).toMatchObject({ ok: true, status: 200 });
    expect(noted.filter((each) => each.path === '/unnoted')).toEqual([]);
  });

  it('is asked at its own address, with none of our marks', async () => {
    await put(url(NAME, '/base'), { health: { account: '/health' } });
    expect(await checked()).toMatchObject({ ok: true, status: 200 });
    const [request] = asked.filter((each) => each.path === '/base/health');
    expect(Object.keys(request?.headers ?? {}).filter((name) => name.startsWith('x-sdp'))).toEqual([]);
  });

  it('is told with the exact place where the way to it ends', async () => {
    await put(url(WRONG));
    expect(await checked()).toMatchObject({ ok: false, step: 'certificate', message: expect.stringContaining('its certificate is for another name') as string });
    await put({ kind: 'url', url: `http://${NAME}:1` });
    expect(await checked()).toMatchObject({ ok: false, step: 'connect', message: expect.stringContaining('port 1 takes no connection (refused)') as string });
    await put({ kind: 'url', url: 'https://nobody.sdp-test.invalid' });
    expect(await checked()).toMatchObject({ ok: false, step: 'resolve', message: expect.stringContaining('baseline.hosts') as string });
    await put({ kind: 'url', url: 'http://inside.example:8080' });
    expect(await checked()).toMatchObject({ ok: false, step: 'resolve', message: expect.stringContaining('network.pool') as string });
    await put({ kind: 'unavailable', reason: 'The sandbox is suspended.' });
    expect(await checked()).toMatchObject({ ok: false, message: 'The sandbox is suspended.' });
    await put({ kind: 'container', container: 'sandbox-checked-none', port: 8080 });
    expect(await checked()).toMatchObject({ ok: false, message: 'There is no container sandbox-checked-none now (edge of micro-1, inside port 7080).' });
  });

  it('is asked again when its container changes', async () => {
    await put(container);
    expect((await checked()).ok).toBe(true);
    await node.docker.getContainer('sandbox-checked-account').stop({ t: 0 });
    await edge.containersChanged(await observe(node.docker), []);
    await expect.poll(() => result()?.message, { timeout: 30_000 }).toMatch(/is stopped/);
    await node.docker.getContainer('sandbox-checked-account').start();
    await edge.containersChanged(await observe(node.docker), []);
    await expect.poll(() => result()?.ok, { timeout: 30_000 }).toBe(true);
  });
});

describe('a check of a URL', () => {
  const check = (target: string, health?: string): ReturnType<EdgeUnderTest['checkTarget']> => edge.checkTarget(target, health);

  it('goes all the way, with the health path below the path of the URL', async () => {
    expect(await check(`https://${NAME}:${port(baseline)}/base`, '/ready')).toMatchObject({ ok: true, step: 'answer', status: 200, addresses: [node.engine.hostAddress] });
    expect(asked.at(-1)?.path).toBe('/base/ready');
    baselineStatus = 502;
    expect(await check(`https://${NAME}:${port(baseline)}`)).toMatchObject({ ok: false, step: 'answer', status: 502 });
    baselineStatus = 200;
  });

  it('tells a server without TLS, one that says nothing, and a URL with a user name', async () => {
    expect(await check(`https://${NAME}:${port(silent)}`)).toMatchObject({ ok: false, step: 'certificate', message: expect.stringContaining('nothing within 5 s') as string });
    expect(await check(`http://${NAME}:${port(silent)}`)).toMatchObject({ ok: false, step: 'answer', message: expect.stringContaining('no answer within 5 s') as string });
    expect(await check('https://joe:s3cret@x.example')).toMatchObject({ ok: false, step: 'resolve', message: expect.not.stringContaining('s3cret') as string });
  });

  it('can be given up', async () => {
    const before = Date.now();
    const found = await edge.checkTarget(`http://${NAME}:${port(silent)}`, undefined, AbortSignal.timeout(200));
    expect(found.ok).toBe(false);
    expect(Date.now() - before).toBeLessThan(3_000);
  });
});
