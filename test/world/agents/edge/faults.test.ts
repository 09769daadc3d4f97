/** Faults that a route asks for, the port for all sandboxes, and what pages say. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EdgeFault, EdgeRoutes, EdgeTarget } from '#schema/wire/commands';
import type { EdgeRequest } from '#schema/wire/requests';
import { edgeFor, get, network, sandbox, service, startNode, subnetOf, type Answer, type EdgeUnderTest, type Node } from './edge-world.ts';

const A = sandbox('QA_Faults');
const B = sandbox('spared');
type Ref = typeof A;
const slug = (ref: Ref): string => ref.slug.replace('_', '-');

let node: Node;
let edge: EdgeUnderTest;
let revision = 0;
const noted: Omit<EdgeRequest, 'seq'>[] = [];

const container = (ref: Ref, name: string): EdgeTarget => ({ kind: 'container', container: `sandbox-${ref.slug}-${name}`, port: 8080 });
const put = (ref: Ref, more: Partial<EdgeRoutes> = {}): Promise<void> => {
  const sandboxRef = { ...ref, slug: slug(ref) };
  return edge.apply(sandboxRef, {
    sandbox: sandboxRef, revision: ++revision, subnet: subnetOf(node, ref === A ? 0 : 1),
    inside: { account: container(ref, 'account'), gone: container(ref, 'gone') },
    outside: { [ref === A ? 8080 : 8081]: { service: 'gateway', kind: 'gateway', target: container(ref, 'gateway') } },
    shared: container(ref, 'gateway'),
    link: `http://sdp.example:7070/sandboxes/${ref.name}`,
    ...more,
  }, `h${revision}`);
};
const soon = (ms: number): string => new Date(Date.now() + ms).toISOString();
const fault = (more: Partial<EdgeFault> = {}): { faults: Record<string, EdgeFault> } => ({
  faults: { account: { kind: 'status', status: 503, percent: 100, until: soon(60_000), ...more } as EdgeFault },
});
/** From inside of a sandbox. A dial that fails answers 599. */
const call = (ref: Ref, path = '/', name = 'account', headers: string[] = []): Promise<Answer> => {
  const query = new URLSearchParams({ url: `http://${node.address}:7080${path}`, host: `${name}.sdp:7080` });
  for (const header of headers) query.append('header', header);
  return get(`http://${node.address}:${ref === A ? 8080 : 8081}/call?${query}`);
};
const shared = (headers: Record<string, string>, path = '/'): Promise<Answer> => get(`http://${node.address}:7081${path}`, headers);

beforeAll(async () => {
  node = await startNode('edge-faults');
  for (const [i, ref] of [A, B].entries()) {
    await network(node.docker, ref, subnetOf(node, i));
    for (const name of ['gateway', 'account']) await service(node.docker, ref, name);
  }
  edge = edgeFor(node, 'micro-1');
  edge.onRequests((requests) => void noted.push(...requests));
  await edge.start();
  for (const ref of [A, B]) await put(ref);
});

afterAll(async () => {
  await edge?.stop();
  await node?.engine.stop();
});

describe('a fault', () => {
  it('answers with its status to this sandbox alone, and says that it was asked for', async () => {
    await put(A, fault({ status: 418 } as EdgeFault));
    const answer = await call(A, '/x', 'account', ['X-Request-Id:teapot']);
    expect(answer.status).toBe(418);
    expect(answer.body).toMatchObject({ status: 418, title: 'account is told to fail', sandbox: 'QA_Faults', link: 'http://sdp.example:7070/sandboxes/QA_Faults' });
    expect(answer.body.detail).toMatch(/The route of sandbox QA_Faults asks for this fault on 100 % of the calls to account, until 20..-.*Z\./);
    const page = await call(A, '/x', 'account', ['Accept:text/html']);
    expect(page.text).toContain('<a href="http://sdp.example:7070/sandboxes/QA_Faults">');
    await expect.poll(() => noted.find((each) => each.id === 'teapot')).toMatchObject({ fault: 'status', status: 418, target: { kind: 'none' }, sandboxUid: A.uid });
    expect((await call(B)).body.name).toBe('spared/account');
    // People at the gateway's port are asked for no fault.
    expect((await get(`http://${node.address}:8080/`)).status).toBe(200);
  });

  it('holds for paths that begin so, whatever characters they have', async () => {
    await put(A, fault({ path: '/orders;v=1/ä' }));
    expect((await call(A, '/orders;v=1/%C3%A4/7?x')).status).toBe(503);
    expect((await call(A, '/orders;v=2/')).status).toBe(200);
    await put(A, fault({ path: '/orders' }));
    expect((await call(A, '/orders;v=2/')).status).toBe(503);
    expect((await call(A, '/other/orders')).status).toBe(200);
  });

  it('meets its share of the requests', async () => {
    await put(A, fault({ percent: 50 }));
    let met = 0;
    for (let i = 0; i < 200; i++) if ((await call(A)).status === 503) met += 1;
    // Further out than that once in ten million runs.
    expect(met).toBeGreaterThan(62);
    expect(met).toBeLessThan(138);
  });

  it('delays, and says so on the answer and in the list of requests', async () => {
    await put(A, fault({ kind: 'delay', ms: 700 } as EdgeFault));
    const before = Date.now();
    expect((await call(A, '/', 'account', ['X-Request-Id:late'])).body.name).toBe('qa_faults/account');
    expect(Date.now() - before).toBeGreaterThanOrEqual(700);
    await expect.poll(() => noted.find((each) => each.id === 'late')).toMatchObject({ fault: 'delay', status: 200, target: { kind: 'container' } });
    expect(noted.find((each) => each.id === 'late')?.durationMs).toBeGreaterThanOrEqual(700);
  });

  it('ends connections without an answer', async () => {
    await put(A, fault({ kind: 'reset' } as EdgeFault));
    expect((await call(A, '/', 'account', ['X-Request-Id:reset'])).status).toBe(599);
    await expect.poll(() => noted.find((each) => each.id === 'reset')).toMatchObject({ fault: 'reset', status: 0 });
  });

  it('ends by itself, with no agent left', async () => {
    await put(A, fault({ until: soon(1_500) }));
    expect((await call(A)).status).toBe(503);
    await edge.stop();
    await sleep(1_700);
    expect((await call(A)).status).toBe(200);
    edge = edgeFor(node, 'micro-1');
    edge.onRequests((requests) => void noted.push(...requests));
    await edge.start();
  });

  it('that cannot be written is refused, and what was in force stays', async () => {
    await expect(put(A, fault({ status: 42 } as EdgeFault))).rejects.toThrow('status 42 is not possible');
    expect((await call(A)).status).toBe(200);
  });
});

describe('the port for all sandboxes', () => {
  it('leads to a gateway by a header or a host name, in any case, by name or slug', async () => {
    expect(edge.state().sharedPort).toBe(7081);
    const answer = await shared({ 'x-sdp-sandbox': 'qa_FAULTS' }, '/x?y=1');
    expect(answer.body).toMatchObject({ name: 'qa_faults/gateway', path: '/x?y=1' });
    expect(answer.headers).toMatchObject({ 'x-sdp-sandbox': 'QA_Faults', 'x-sdp-revision': expect.any(String) as string });
    expect(answer.headers['x-request-id']).toBe(answer.body.headers?.['x-request-id']);
    expect(Object.keys(answer.body.headers ?? {})).not.toContain('x-sdp-sandbox');
    expect((await shared({ 'x-sdp-sandbox': 'qa-faults' })).body.name).toBe('qa_faults/gateway');
    expect((await shared({ host: 'Spared.apps.example:7081' })).body.name).toBe('spared/gateway');
    expect((await shared({ host: 'spared.localhost', 'x-sdp-sandbox': 'qa-faults' })).body.name).toBe('qa_faults/gateway');
    await expect.poll(() => noted.find((each) => each.entry === 'shared' && each.path === '/x')).toMatchObject({ sandboxUid: A.uid, service: 'gateway' });
  });

  it('says which sandbox it does not know, and how to choose one', async () => {
    const missing = await shared({});
    expect([missing.status, missing.body.title]).toEqual([400, 'Which sandbox?']);
    expect(missing.body.detail).toContain('X-SDP-Sandbox: NAME');
    const unknown = await shared({ 'x-sdp-sandbox': 'nobody' });
    expect(unknown.status).toBe(404);
    expect(unknown.body.detail).toContain('No sandbox named nobody');
    expect((await shared({ 'x-sdp-sandbox': '"<script>' })).body.title).toBe('Which sandbox?');
  });

  it('lets a container into its own sandbox only', async () => {
    const query = (name: string): string => `http://${node.address}:8080/call?${new URLSearchParams({ url: `http://${node.address}:7081/`, header: `X-SDP-Sandbox:${name}` })}`;
    expect((await get(query('spared'))).status).toBe(403);
    expect((await get(query('qa-faults'))).body.name).toBe('qa_faults/gateway');
  });

  it('serves a sandbox no more when its routes say so, or it is gone', async () => {
    const sandboxRef = { ...B };
    await edge.apply(sandboxRef, null, '');
    expect((await shared({ 'x-sdp-sandbox': 'spared' })).status).toBe(404);
    await put(B);
  });
});

describe('pages', () => {
  it('say what the control plane knows while there is no container, and link to the sandbox', async () => {
    const otherwise = 'Its build failed: "missing module"';
    await put(B, { inside: { account: container(B, 'account'), gone: { ...container(B, 'gone'), otherwise } as EdgeTarget } });
    const { body } = await call(B, '/', 'gone');
    expect(body).toMatchObject({ detail: 'Its build failed: ”missing module”', link: 'http://sdp.example:7070/sandboxes/spared', service: 'gone' });
    const unknown = await call(B, '/', 'nobody', ['Accept:text/html']);
    expect(unknown.text).toContain('<a href="http://sdp.example:7070/sandboxes/spared">');
    expect((await get(`http://${node.address}:8500`)).body).not.toHaveProperty('link');
  });
});
