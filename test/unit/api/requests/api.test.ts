/** Requests, traces and the doctor over the real API; agents are scripted. */
import { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DoctorView, RequestView, TraceView } from '#schema/http';
import type { StreamEvent, StreamMessage } from '#schema/stream';
import type { BaselineCheck, Command } from '#schema/wire/commands';
import type { EdgeRequest } from '#schema/wire/requests';
import { emptyState, type Answer, type ScriptedAgent } from '../support/scripted-agent.ts';
import { CATALOGUE, gitScript, SANDBOX, World } from '../support/world.ts';
import { view } from './support.ts';

let world: World;
let token: string;
let agent: ScriptedAgent;
let answer: (command: Command) => Answer;
let uid: string;

const NAME = 'qa-login-error';
const get = (path: string) => world.call('GET', path, { token });
const post = (path: string, body: unknown = {}) => world.call('POST', path, { token, body });

/** A request as an edge has it, now. */
function seen(seq: number, more: Partial<EdgeRequest> = {}): EdgeRequest {
  const { node: _node, ...request } = view({ at: new Date().toISOString(), sandboxUid: uid, path: `/${seq}`, ...more });
  return { ...request, seq };
}
const say = (who: ScriptedAgent, requests: EdgeRequest[], bootId = 'boot-1'): void => who.say({ type: 'requests', bootId, requests, missed: 0 });
const items = async (query = ''): Promise<RequestView[]> => (await get(`/sandboxes/${NAME}/requests${query}`)).body['items'] as RequestView[];

beforeEach(async () => {
  world = await new World().start();
  answer = gitScript;
  agent = await world.onlineAgent((command) => answer(command));
  token = await world.login();
  await world.call('POST', '/apply', { token, yaml: `${CATALOGUE}---\n${SANDBOX}` });
  uid = (await world.store.get('Sandbox', NAME))?.metadata.uid ?? '';
});
afterEach(() => world.remove());

describe('requests of a sandbox', () => {
  it('are those that its edges saw, newest first, each once', async () => {
    say(agent, [seen(1), seen(2, { service: 'payment' }), seen(3, { sandboxUid: 'another' })]);
    say(agent, [seen(2), seen(3), seen(4)]);
    await expect.poll(() => items()).toHaveLength(3);
    expect((await items()).map(({ seq, node }) => `${node} ${seq}`)).toEqual(['micro-1 4', 'micro-1 2', 'micro-1 1']);
    expect((await items('?service=Payment')).map(({ seq }) => seq)).toEqual([2]);
    expect(await items('?limit=1')).toHaveLength(1);
    expect((await get(`/sandboxes/${NAME}/requests?limit=0`)).body.code).toBe('invalid_request');
    expect((await get('/sandboxes/nobody/requests')).status).toBe(404);
    expect((await world.call('GET', `/sandboxes/${NAME}/requests`)).status).toBe(401);
    expect(await (await fetch(`${world.server.url}/metrics`)).text()).toContain('sdp_edge_requests_total 4');
  });

  it('go with the sandbox, and one made again under its name has none', async () => {
    say(agent, [seen(1)]);
    await expect.poll(() => items()).toHaveLength(1);
    await world.call('DELETE', `/sandboxes/${NAME}`, { token });
    for (const finalizer of (await world.store.get('Sandbox', NAME))?.metadata.finalizers ?? []) await world.store.finishFinalizer(uid, finalizer);
    await expect.poll(async () => (await get(`/sandboxes/${NAME}`)).status).toBe(404);
    expect((await world.call('POST', '/apply', { token, yaml: SANDBOX })).status).toBe(200);
    expect(await items()).toEqual([]);
  });

  it('are followed by those who ask for them, and told to nobody else', async () => {
    const follow = async (query: string): Promise<StreamEvent[]> => {
      const events: StreamEvent[] = [];
      const client = new WebSocket(`${world.server.url.replace('http', 'ws')}/api/v1/stream?${query}`, { headers: { authorization: `Bearer ${token}` } });
      client.on('message', (data) => {
        const message = JSON.parse(String(data)) as StreamMessage;
        if (message.type === 'event' && message.event.type === 'requests') events.push(message.event);
      });
      await new Promise((resolve) => client.once('message', resolve));
      return events;
    };
    const [followed, plain, others] = await Promise.all([follow(`sandbox=${NAME}&requests=1`), follow(`sandbox=${NAME}`), follow('sandbox=other&requests=1')]);
    say(agent, [seen(1), seen(2, { sandboxUid: 'another' }), ...Array.from({ length: 250 }, (_, index) => seen(index + 3))]);
    await expect.poll(() => followed).toHaveLength(1);
    expect(followed[0]).toMatchObject({ slug: NAME, left: 51 });
    expect(followed[0]?.type === 'requests' && followed[0].requests.map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, index) => index + 53));
    expect([plain, others]).toEqual([[], []]);
    const refused = new WebSocket(`${world.server.url.replace('http', 'ws')}/api/v1/stream?requests=1`, { headers: { authorization: `Bearer ${token}` } });
    expect(await new Promise((resolve) => refused.on('unexpected-response', (_request, response) => resolve(response.statusCode)).on('error', () => undefined))).toBe(400);
  });
});

describe('a trace', () => {
  beforeEach(() => world.store.claimPort({ engine: 'engine-1', kind: 'gateway', sandboxUid: uid, sandbox: 'QA-LOGIN-ERROR', service: 'gateway' }, { from: 8080, to: 8090 }, []).then(() => undefined));

  it('sends one request through the gateway and tells each hop, the other node’s too, and the cause', async () => {
    const other = await (await world.agent(gitScript, 'micro-2', { bootId: 'boot-2', engine: { id: 'engine-2', version: '20', apiVersion: '1.41', cpus: 2, memoryBytes: 1e9 } })).online();
    answer = (command) => {
      if (command.type !== 'trace') return gitScript(command);
      const { requestId: id } = command;
      const at = Date.now();
      const on = (from: number): string => new Date(at + from).toISOString();
      say(agent, [
        seen(1, { id, at: on(2), service: 'payment', status: 502, durationMs: 60, target: { kind: 'node', address: '10.0.0.2:9001' } }),
        seen(2, { id, at: on(0), entry: 'gateway', service: 'gateway', status: 502, durationMs: 70 }),
        seen(3),
      ]);
      // Its clock is an hour ahead, and it tells a little later.
      setTimeout(() => say(other, [seen(1, { id, at: on(3_600_000), entry: 'service', service: 'payment', status: 503, durationMs: 50, failure: 'nothing listens' })], 'boot-2'), 300);
      return { value: { status: 502, durationMs: 72, contentType: 'application/json' } };
    };
    const { status, body } = await post(`/sandboxes/${NAME}/trace`, { path: '/payment/7?token=secret' });
    expect(status).toBe(200);
    const trace = body as unknown as TraceView;
    expect(trace).toMatchObject({ url: 'http://127.0.0.1:8080/payment/7?token=secret', status: 502, durationMs: 72, failedAt: 2 });
    expect(trace.hops.map(({ node, by, request }) => `${node} ${request.entry} ${request.service ?? ''} ${request.status} ${by}`)).toEqual([
      'micro-1 gateway gateway 502 id', 'micro-1 inside payment 502 id', 'micro-2 service payment 503 id',
    ]);
    expect(trace.leaves).toBeUndefined();
    expect(agent.commands.at(-1)).toMatchObject({ type: 'trace', port: 8080, path: '/payment/7?token=secret', requestId: trace.requestId, sandbox: { uid, slug: NAME } });
    const { body: audit } = await get(`/audit?sandbox=${NAME}`);
    expect((audit['items'] as unknown[])[0]).toMatchObject({ action: 'sandbox.trace', outcome: 'ok', user: 'achmad', message: '/payment/7' });
    expect(JSON.stringify(audit) + world.logged.join('')).not.toContain('secret');
  });

  it('flags a redirect out of the sandbox, and calls that carry another id', async () => {
    answer = (command) => {
      if (command.type !== 'trace') return gitScript(command);
      say(agent, [
        seen(1, { at: new Date(Date.now() + 1).toISOString() }),
        seen(2, { id: command.requestId, entry: 'gateway', service: 'gateway', status: 302, durationMs: 20, location: 'https://gateway-dev.company.com/x', leaves: true }),
      ]);
      return { value: { status: 302, durationMs: 22, location: 'https://gateway-dev.company.com/x' } };
    };
    const { body } = await post(`/sandboxes/${NAME}/trace`, { path: '/' });
    expect(body).toMatchObject({ status: 302, location: 'https://gateway-dev.company.com/x', leaves: true, hops: [{ by: 'id' }, { by: 'time', request: { service: 'account' } }] });
  });

  it('answers without hops after a while when no edge tells of the request', async () => {
    answer = (command) => (command.type === 'trace' ? { value: { durationMs: 3, failure: 'nothing listens on port 8080' } } : gitScript(command));
    expect((await post(`/sandboxes/${NAME}/trace`, { path: '/' })).body).toMatchObject({ failure: 'nothing listens on port 8080', hops: [] });
  });

  it('says what is in the way: a path, a suspended sandbox, an older agent, an offline node', async () => {
    expect((await post(`/sandboxes/${NAME}/trace`, { path: 'no' })).body).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('begin with "/"') });
    expect((await post(`/sandboxes/${NAME}/trace`, {})).body.code).toBe('invalid_request');
    expect((await post('/sandboxes/nobody/trace', { path: '/' })).status).toBe(404);
    answer = (command) => (command.type === 'trace' ? { error: { code: 'protocol_skew', message: 'This agent does not know the command "trace".' } } : gitScript(command));
    expect((await post(`/sandboxes/${NAME}/trace`, { path: '/' })).body).toMatchObject({ code: 'protocol_skew', message: 'The agent on micro-1 (0.1.0) is of an older release and does not know "trace".', hint: 'Upgrade the agent on micro-1.' });
    agent.drop();
    await expect.poll(() => world.server.fleet.nodes().every((node) => !node.online)).toBe(true);
    expect((await post(`/sandboxes/${NAME}/trace`, { path: '/' })).body).toMatchObject({ code: 'node_offline', message: expect.stringContaining('micro-1') });
    await post(`/sandboxes/${NAME}/suspend`);
    expect((await post(`/sandboxes/${NAME}/trace`, { path: '/' })).body).toMatchObject({ code: 'conflict', message: expect.stringContaining('suspended') });
    const { body } = await get(`/audit?sandbox=${NAME}`);
    expect((body['items'] as { action: string; outcome: string }[]).filter(({ action }) => action === 'sandbox.trace').length).toBeGreaterThanOrEqual(5);
  });
});

describe('a trace of a sandbox without a gateway', () => {
  it('is refused with what to look at', async () => {
    expect((await post(`/sandboxes/${NAME}/trace`, { path: '/' })).body).toMatchObject({ code: 'conflict', message: expect.stringContaining('no gateway port yet'), hint: expect.stringContaining('sdp describe sandbox QA-LOGIN-ERROR') });
  });
});

describe('the doctor', () => {
  const check = (service: string, more: Partial<BaselineCheck> = {}): BaselineCheck => ({
    service, url: `https://${service}-dev.company.com`, addresses: ['10.1.2.3'], ok: true, at: new Date().toISOString(), step: 'answer', message: 'answers', status: 200, durationMs: 3, ...more,
  });
  const examined = async (): Promise<DoctorView> => (await post('/doctor')).body as unknown as DoctorView;

  it('has every node check every baseline of the catalogue', async () => {
    answer = (command) => (command.type === 'doctor' ? { value: { baselines: [check('account'), check('payment')], pool: '10.213.0.0/16' } } : gitScript(command));
    expect(await examined()).toMatchObject({ ok: true, nodes: [{ node: 'micro-1', ok: true, online: true, pool: '10.213.0.0/16', findings: [], baselines: [{ service: 'account' }, { service: 'payment' }] }] });
    const asked = agent.commands.at(-1);
    expect(asked?.type === 'doctor' && asked.baselines).toEqual([{ service: 'account', url: 'https://account-dev.company.com' }, { service: 'payment', url: 'https://payment-dev.company.com' }]);
  });

  it('fails for a baseline that cannot be reached and for a pool that holds an address of one', async () => {
    const unreachable = check('payment', { ok: false, step: 'certificate', message: 'signed by an unknown CA' });
    answer = (command) => (command.type === 'doctor' ? { value: { baselines: [check('account', { addresses: ['::1', '10.213.7.7'] }), unreachable], pool: '10.213.0.0/16' } } : gitScript(command));
    const { ok, nodes } = await examined();
    expect([ok, nodes[0]?.ok]).toEqual([false, false]);
    expect(nodes[0]?.findings).toEqual([{ level: 'failed', message: expect.stringMatching(/account.*10\.213\.7\.7.*network\.pool \(10\.213\.0\.0\/16\).*Choose another network\.pool/) as string }]);
  });

  it('tells of an edge that is not ready, foreign ports, an older agent, and offline nodes', async () => {
    answer = (command) => (command.type === 'doctor' ? { error: { code: 'protocol_skew', message: 'unknown' } } : gitScript(command));
    agent.report({ ...emptyState(), edge: { owner: true, state: 'failed', message: 'the image is missing', routes: {}, foreignPorts: [8081, 8080, 9005, 70] } });
    const lost = await (await world.agent(gitScript, 'micro-2')).online();
    lost.drop();
    const neighbour = await (await world.agent(gitScript, 'micro-3')).online({ ...emptyState(), edge: { owner: false, state: 'ready', routes: {}, foreignPorts: [] } });
    await neighbour.until(() => world.server.fleet.nodes().filter((node) => node.online).length === 2);
    const { ok, nodes } = await examined();
    expect(ok).toBe(false);
    expect(nodes.map(({ node, ok: fine }) => [node, fine])).toEqual([['micro-1', false], ['micro-2', false], ['micro-3', true]]);
    expect(nodes[0]?.findings.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'failed: The edge is failed: the image is missing',
      'warning: Other processes hold ports of its ranges, which stay unused: 8080-8081, 9005.',
      'failed: The agent on micro-1 (0.1.0) is of an older release and does not know "doctor". Upgrade the agent on micro-1.',
    ]);
    expect(nodes[1]?.findings[0]?.message).toMatch(/^It is offline since .*sdp nodes forget micro-2/);
    expect(nodes[2]?.findings).toEqual([{ level: 'warning', message: 'It shares its engine with micro-1, which runs the edge and was checked.' }]);
  });
});
