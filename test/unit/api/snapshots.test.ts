import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotSpec, StoredDocument } from '#schema/documents';
import type { DocumentView, RestoreResponse, SnapshotComparison } from '#schema/http';
import { CATALOGUE, SANDBOX, World, type Answered } from './support/world.ts';

const COMMIT = 'a'.repeat(40);
const GATEWAY = 'b'.repeat(40);
const QA = (level: string, secret = 'canary-1'): string => `apiVersion: sdp/v1
kind: Environment
metadata: {name: qa}
spec: {variables: {LEVEL: ${level}}, secrets: {PASSWORD: ${secret}}}
`;
const WITH_QA = `${SANDBOX}environments: [qa]\n`;

let world: World;
let token: string;
beforeEach(async () => {
  world = await new World().start();
  await world.onlineAgent();
  token = await world.login();
  await apply(CATALOGUE);
  await apply(QA('debug'));
  await apply(WITH_QA);
});
afterEach(() => world.remove());

const apply = async (yaml: string): Promise<Answered> => {
  const answer = await world.call('POST', '/apply', { token, yaml });
  expect(answer.body.message).toBeUndefined();
  return answer;
};
const post = (path: string, body: unknown = {}): Promise<Answered> => world.call('POST', path, { token, body });
const get = (path: string): Promise<Answered> => world.call('GET', path, { token });
const document = async <K extends 'Sandbox' | 'Environment' | 'Route' | 'Snapshot'>(path: string): Promise<StoredDocument<K>> =>
  ((await get(path)).body as unknown as DocumentView).document as StoredDocument<K>;
const take = async (body: unknown = { name: 's' }): Promise<SnapshotSpec> => {
  const answer = await post('/sandboxes/qa-login-error/snapshot', body);
  expect(answer.body.message).toBeUndefined();
  return (answer.body as unknown as { document: StoredDocument<'Snapshot'> }).document.spec;
};
const restore = (body: unknown = {}, query = ''): Promise<Answered> => post(`/snapshots/s/restore${query}`, body);

async function resolve(service: string, branch: string, commit: string, generation = 1): Promise<void> {
  const { uid } = (await document<'Sandbox'>('/sandboxes/qa-login-error')).metadata;
  const about = { subject: 'it works', author: 'Ana', authoredAt: '2026-01-01T00:00:00Z', resolvedAt: '2026-01-01T00:00:00Z', resolvedBy: 'achmad' };
  await world.store.addResolution({ sandboxUid: uid, generation, service, repository: 'account', branch, commit, ...about });
}

async function resolved(): Promise<void> {
  await resolve('account', 'feature/login-error', COMMIT);
  await resolve('gateway', 'develop', GATEWAY);
}

const secretOf = async (name: string): Promise<string | undefined> => {
  const { uid } = (await document<'Environment'>(`/environments/${name}`)).metadata;
  return (await world.store.readSecrets(uid))['PASSWORD'];
};

describe('a snapshot', () => {
  it('keeps specs, routes, environments, catalogue, commits and secret versions, and no value of a secret', async () => {
    await resolved();
    await apply('apiVersion: sdp/v1\nkind: Route\nmetadata: {name: QA-LOGIN-ERROR}\nspec: {routes: {payment: {target: ocp}}}\n');
    const spec = await take({ name: 's', message: 'before the demo' });
    expect(spec).toMatchObject({
      message: 'before the demo',
      takenBy: 'achmad',
      installation: 'test',
      sandbox: { name: 'QA-LOGIN-ERROR', generation: 1, text: expect.stringContaining('# under test') as string },
      route: { spec: { routes: { payment: { target: 'ocp' } } } },
      environments: [{ name: 'qa', spec: { variables: { LEVEL: 'debug' }, secrets: { PASSWORD: { version: 1 } } } }],
      services: [{ name: 'account' }, { name: 'payment' }],
      commits: [
        { service: 'gateway', commit: GATEWAY, branch: 'develop' },
        { service: 'account', commit: COMMIT, subject: 'it works', author: 'Ana', branch: 'feature/login-error' },
      ],
      unpinned: [],
    });
    expect(spec.storeVersion).toBe(await world.store.currentVersion() - 1);
    expect(JSON.stringify((await get('/snapshots')).body)).not.toContain('canary');
  });

  it('says what is not pinned of a sandbox that was never built', async () => {
    expect((await take()).unpinned).toEqual([
      { service: 'gateway', reason: 'its branch develop was never fetched' },
      { service: 'account', reason: 'its branch feature/login-error was never fetched' },
    ]);
  });

  it('has the images that nodes report', async () => {
    await resolved();
    const [agent] = world.agents;
    const { emptyState } = await import('./support/scripted-agent.ts');
    agent?.report({ ...emptyState(), images: [{ ref: `sdp/account:${COMMIT}-b1`, id: 'sha256:1' }, { ref: 'alpine:3.20', id: 'sha256:2' }] });
    await expect.poll(() => world.server.fleet.nodes()[0]?.state?.images.length).toBe(2);
    expect((await take()).images).toEqual([{ service: 'account', node: 'micro-1', ref: `sdp/account:${COMMIT}-b1`, id: 'sha256:1' }]);
  });

  it('is named after the sandbox and the time unless somebody names it, and each name is taken once', async () => {
    await take({});
    const { items } = (await get('/snapshots')).body as unknown as { items: StoredDocument[] };
    expect(items[0]?.metadata.name).toMatch(/^QA-LOGIN-ERROR-\d{8}-\d{6}$/);
    await take({ name: 's' });
    expect(await post('/sandboxes/qa-login-error/snapshot', { name: 'S' })).toMatchObject({ status: 409, body: { code: 'name_taken' } });
    expect((await post('/sandboxes/nothing/snapshot')).status).toBe(404);
  });

  it('cannot be written or changed by anybody, and can be deleted', async () => {
    await take();
    const snapshot = await document<'Snapshot'>('/snapshots/s');
    const changed = { ...snapshot, spec: { ...snapshot.spec, message: 'other' } };
    expect(await world.call('PUT', '/snapshots/s', { token, body: changed })).toMatchObject({ status: 409, body: { code: 'immutable', message: expect.stringContaining('never changes') as string } });
    const forged = { ...snapshot, metadata: { name: 'forged' } };
    expect(await post('/apply', { documents: [forged] })).toMatchObject({ status: 409, body: { code: 'immutable' } });
    expect((await world.call('PUT', '/snapshots/s', { token, body: snapshot })).status).toBe(200);
    expect((await world.call('DELETE', '/snapshots/s', { token })).status).toBe(200);
    expect((await get('/snapshots/s')).status).toBe(404);
  });
});

describe('comparing', () => {
  it('names what differs now, and nothing else', async () => {
    await resolved();
    await take();
    expect((await get('/snapshots/s/compare')).body).toMatchObject({ sandbox: 'QA-LOGIN-ERROR', changes: [] });
    await apply(WITH_QA.replace('feature/login-error', 'develop'));
    await apply(QA('trace', 'canary-2'));
    const { changes } = (await get('/snapshots/s/compare')).body as unknown as SnapshotComparison;
    expect(changes.map(({ path }) => path)).toEqual([
      'commit.account',
      'environment.qa.secrets.PASSWORD',
      'environment.qa.variables.LEVEL',
      'sandbox.spec.services.account.branch',
    ]);
    expect(JSON.stringify(changes)).not.toContain('canary');
  });
});

describe('restoring in place', () => {
  it('brings sandbox, routes and environment back with their commits and secret values, in one write', async () => {
    await resolved();
    await take();
    await apply(WITH_QA.replace('feature/login-error', 'develop'));
    await apply(QA('trace', 'canary-2'));
    await apply('apiVersion: sdp/v1\nkind: Route\nmetadata: {name: QA-LOGIN-ERROR}\nspec: {routes: {account: {target: ocp}}}\n');
    expect(await secretOf('qa')).toBe('canary-2');

    const planned = (await restore({}, '?dryRun=true')).body as unknown as RestoreResponse;
    expect(planned).toMatchObject({ dryRun: true, sandbox: 'QA-LOGIN-ERROR', shared: [], notes: [] });
    expect(await secretOf('qa')).toBe('canary-2');

    const answer = (await restore()).body as unknown as RestoreResponse;
    expect(answer.results.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(['Environment configured', 'Sandbox configured', 'Route configured']);
    const sandbox = await document<'Sandbox'>('/sandboxes/qa-login-error');
    expect(sandbox.spec.services?.['account']).toEqual({ branch: 'feature/login-error' });
    expect((await document<'Route'>('/routes/qa-login-error')).spec).toEqual({ routes: {} });
    expect((await document<'Environment'>('/environments/qa')).spec).toMatchObject({ variables: { LEVEL: 'debug' }, secrets: { PASSWORD: { version: 1 } } });
    expect(await secretOf('qa')).toBe('canary-1');
    expect(((await get('/sandboxes/qa-login-error')).body as unknown as DocumentView).text).toContain('# under test');
    const rows = (await world.store.resolutions(sandbox.metadata.uid)).filter(({ generation }) => generation === sandbox.metadata.generation);
    expect(rows.map(({ service, commit }) => `${service} ${commit}`)).toEqual([`account ${COMMIT}`, `gateway ${GATEWAY}`]);
    expect(JSON.stringify([planned, answer])).not.toContain('canary');
    expect((await get('/snapshots/s/compare')).body).toMatchObject({ changes: [] });
  });

  it('refuses to change what others use until somebody decides, and names them', async () => {
    await take();
    await apply('sandbox: OTHER\nenvironments: [qa]\n');
    await apply(QA('trace', 'canary-2'));
    const refused = await restore();
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', message: expect.stringContaining('qa (used by Sandbox "OTHER")') as string } });
    expect((await restore({}, '?dryRun=true')).body).toMatchObject({ shared: [{ environment: 'qa', users: ['Sandbox "OTHER"'] }] });
    const kept = await restore({ shared: 'keep' });
    expect(kept.body).toMatchObject({ notes: expect.arrayContaining([expect.stringContaining('stays as it is now')]) as string[] });
    expect(await secretOf('qa')).toBe('canary-2');
    expect((await restore({ shared: 'change' })).status).toBe(200);
    expect(await secretOf('qa')).toBe('canary-1');
  });

  it('brings a deleted sandbox and environment back, secrets included', async () => {
    await resolved();
    await take();
    const { uid, finalizers } = (await document<'Sandbox'>('/sandboxes/qa-login-error')).metadata;
    await world.call('DELETE', '/sandboxes/qa-login-error', { token });
    expect((await restore()).body.code).toBe('conflict');
    for (const finalizer of finalizers) await world.store.finishFinalizer(uid, finalizer);
    await world.call('DELETE', '/environments/qa', { token });
    expect((await restore()).status).toBe(200);
    expect(await secretOf('qa')).toBe('canary-1');
    expect((await document<'Sandbox'>('/sandboxes/qa-login-error')).metadata.uid).not.toBe(uid);
  });

  it('leaves a hold as it is, and is refused by one of somebody else', async () => {
    await apply(`${WITH_QA}hold: {by: achmad}\n`);
    await take();
    await apply(`${WITH_QA}hold: {by: achmad, reason: now}\n`);
    expect((await restore()).status).toBe(200);
    expect((await document<'Sandbox'>('/sandboxes/qa-login-error')).spec.hold).toMatchObject({ reason: 'now' });
    await world.store.apply([{ draft: { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'QA-LOGIN-ERROR' }, spec: { hold: { by: 'ben' } } } }], { user: 'ben' });
    expect((await restore()).body.code).toBe('held');
  });
});

describe('restoring as a new sandbox', () => {
  it('uses equal environments as they are, and runs the same commits', async () => {
    await resolved();
    await take();
    const answer = (await restore({ as: 'NEW' })).body as unknown as RestoreResponse;
    expect(answer.results.map(({ kind, name, outcome }) => `${kind} ${name} ${outcome}`)).toEqual(['Sandbox NEW created']);
    const { metadata, spec } = await document<'Sandbox'>('/sandboxes/new');
    expect(spec.environments).toEqual(['qa']);
    expect((await world.store.resolutions(metadata.uid)).map(({ commit }) => commit).sort()).toEqual([COMMIT, GATEWAY]);
    expect((await restore({ as: 'NEW' })).body.code).toBe('name_taken');
  });

  it('gives it copies of environments that are others now, and touches no others', async () => {
    await take();
    await apply(QA('trace', 'canary-2'));
    const answer = (await restore({ as: 'NEW' })).body as unknown as RestoreResponse;
    expect(answer.notes).toContain('Environment qa is another now: NEW gets the former one as NEW-qa.');
    expect((await document<'Sandbox'>('/sandboxes/new')).spec.environments).toEqual(['NEW-qa']);
    expect(await secretOf('NEW-qa')).toBe('canary-1');
    expect(await secretOf('qa')).toBe('canary-2');
  });
});

describe('a clone', () => {
  it('is active, held by nobody, from the same template, with the same routes and commits of what it has', async () => {
    await resolved();
    await resolve('gone', 'develop', 'c'.repeat(40));
    const { metadata, spec } = await document<'Sandbox'>('/sandboxes/qa-login-error');
    const template = { name: 'FULL', revision: 3 };
    await world.store.apply(
      [
        { draft: { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: metadata.name, annotations: { managed: 'folder' } }, spec: { ...spec, template, run: 'suspended', expireAfter: '3d', hold: { by: 'achmad' } } } },
        { draft: { apiVersion: 'sdp/v1', kind: 'Route', metadata: { name: metadata.name }, spec: { routes: { payment: { target: 'ocp' } } } } },
      ],
      { user: 'achmad' },
    );
    expect((await post('/sandboxes/qa-login-error/clone', { name: 'COPY' })).status).toBe(201);
    const copy = await document<'Sandbox'>('/sandboxes/copy');
    expect(copy.spec).toEqual({ ...spec, template, expireAfter: '3d' });
    expect(copy.metadata.annotations).toBeUndefined();
    expect((await document<'Route'>('/routes/copy')).spec).toEqual({ routes: { payment: { target: 'ocp' } } });
    expect((await world.store.resolutions(copy.metadata.uid)).map(({ service, commit }) => `${service} ${commit}`).sort()).toEqual([`account ${COMMIT}`, `gateway ${GATEWAY}`]);
  });
});
