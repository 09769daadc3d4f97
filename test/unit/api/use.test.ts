/** `sdp use`: a person's own address. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PortView, UseView } from '#schema/http';
import { useText } from '#api/cli/commands/use';
import { emptyState, type ScriptedAgent } from './support/scripted-agent.ts';
import { CATALOGUE, gitScript, SANDBOX, World, type Answered } from './support/world.ts';

let world: World;
let token: string;
let agent: ScriptedAgent;
const enqueued: string[] = [];

const start = async (type: 'GATEWAY' | 'MICRO'): Promise<void> => {
  const node = { name: 'gateway-1', type, address: '10.0.0.7' };
  agent = await (await world.agent(gitScript, 'gateway-1', { node })).online({ ...emptyState(), edge: { owner: true, state: 'ready', routes: {}, foreignPorts: [8080], sharedPort: 8081 } });
  await agent.until(() => world.server.fleet.nodes().some((each) => each.online));
};

beforeEach(async () => {
  enqueued.length = 0;
  world = await new World().start();
  world.reconciler.enqueue = (uid?: string) => void enqueued.push(String(uid));
});
afterEach(() => world.remove());

const up = async (): Promise<void> => {
  await start('GATEWAY');
  token = await world.login();
  expect((await world.call('POST', '/apply', { token, yaml: `${CATALOGUE}---\n${SANDBOX}---\nsandbox: OTHER\ngateway: {branch: develop}\n` })).status).toBe(200);
};
const use = (sandbox: string, as = token): Promise<Answered> => world.call('PUT', '/use', { token: as, body: { sandbox } });
const uid = async (name: string): Promise<string> => (await world.store.get('Sandbox', name))!.metadata.uid;
const ports = async (): Promise<PortView[]> => (await world.call('GET', '/ports', { token })).body['items'] as PortView[];
const addressOf = (answer: Answered): NonNullable<UseView['address']> => (answer.body as unknown as UseView).address!;

it('gives each person one address, past foreign and shared ports, that moves by routes alone', async () => {
  await up();
  expect((await world.call('GET', '/use', { token })).body).toEqual({ user: 'achmad' });
  expect(addressOf(await use('QA-LOGIN-ERROR'))).toMatchObject({ url: 'http://10.0.0.7:8082', node: 'gateway-1', sandbox: 'QA-LOGIN-ERROR' });
  expect(enqueued).toEqual([await uid('QA-LOGIN-ERROR')]);
  const eva = await world.login('eva');
  expect(addressOf(await use('other', eva))).toMatchObject({ port: 8083, sandbox: 'OTHER' });
  enqueued.length = 0;
  expect(addressOf(await use('other'))).toMatchObject({ port: 8082, sandbox: 'OTHER' });
  // The former one is looked at when the new one's routes are in force: until then it keeps the port.
  expect(enqueued).toEqual([await uid('OTHER')]);
  expect(addressOf(await world.call('GET', '/use', { token }))).toMatchObject({ port: 8082, sandbox: 'OTHER' });
});

it('is listed as personal with its owner, beside the ports of sandboxes with theirs', async () => {
  await up();
  const qa = await uid('QA-LOGIN-ERROR');
  await world.store.claimPort({ engine: 'engine-1', kind: 'gateway', sandboxUid: qa, sandbox: 'qa-login-error', service: 'gateway' }, { from: 8080, to: 8999 }, [8080]);
  await use('QA-LOGIN-ERROR');
  expect(await ports()).toMatchObject([
    { port: 8081, kind: 'gateway', sandbox: 'qa-login-error', service: 'gateway', owner: 'achmad', allocatedAt: expect.any(String) },
    { port: 8082, kind: 'personal', sandbox: 'qa-login-error', service: 'gateway', owner: 'achmad', allocatedAt: expect.any(String) },
  ]);
  expect((await world.call('GET', '/ports?sandbox=OTHER', { token })).body['items']).toEqual([]);
});

it('stays when its sandbox is gone, says so, and is given up only when asked', async () => {
  await up();
  await use('OTHER');
  await world.call('DELETE', '/sandboxes/OTHER', { token });
  await world.store.finishFinalizer(await uid('OTHER'), (await world.store.get('Sandbox', 'OTHER'))!.metadata.finalizers[0]!);
  const answer = await world.call('GET', '/use', { token });
  expect(addressOf(answer)).toMatchObject({ port: 8082, problem: expect.stringContaining('is gone') });
  expect(useText(answer.body as unknown as UseView)).toContain('http://10.0.0.7:8082 leads to nothing');
  expect(await ports()).toMatchObject([{ kind: 'personal', sandbox: '' }]);
  expect((await world.call('DELETE', '/use', { token })).body).toEqual({ user: 'achmad' });
  expect((await world.call('DELETE', '/use', { token })).status).toBe(200);
  expect(await ports()).toEqual([]);
});

it('moves to another port when a foreign process took it, and says why before', async () => {
  await up();
  await use('OTHER');
  agent.report({ ...emptyState(), edge: { owner: true, state: 'ready', routes: {}, foreignPorts: [8080, 8082] } });
  await agent.until(() => world.server.fleet.nodes()[0]?.state?.edge.foreignPorts.includes(8082) === true);
  expect(addressOf(await world.call('GET', '/use', { token })).problem).toContain('has taken port 8082');
  expect(addressOf(await use('OTHER')).port).toBe(8081);
});

it('refuses what cannot be, and audits like every write', async () => {
  await up();
  expect((await use('OTHR')).body).toMatchObject({ code: 'not_found', message: expect.stringContaining('Did you mean "OTHER"?') });
  expect((await world.call('PUT', '/use', { token, body: {} })).body.code).toBe('invalid_request');
  expect((await world.call('GET', '/use')).status).toBe(401);
  await use('OTHER');
  await world.call('DELETE', '/sandboxes/OTHER', { token });
  expect((await use('OTHER')).body.code).toBe('conflict');
  const { items } = (await world.call('GET', '/audit', { token })).body as unknown as { items: { action: string; outcome: string; sandbox?: string }[] };
  const said = items.filter(({ action }) => action.startsWith('use.')).map(({ action, outcome, sandbox }) => `${action} ${sandbox} ${outcome}`);
  expect(said).toEqual(['use.set OTHER refused', 'use.set OTHER ok', 'use.set OTHR refused']);
});

it('needs a node of type GATEWAY', async () => {
  await start('MICRO');
  token = await world.login();
  await world.call('POST', '/apply', { token, yaml: `${CATALOGUE}---\n${SANDBOX}` });
  expect((await use('QA-LOGIN-ERROR')).body).toMatchObject({ code: 'no_node', hint: expect.stringContaining('type: GATEWAY') });
});
