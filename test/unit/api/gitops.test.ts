import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApplyResponse, DocumentView, ExportedDocument } from '#schema/http';
import { cli, type Ran } from './support/cli.ts';
import { CATALOGUE, SANDBOX, World, type Answered } from './support/world.ts';

let world: World;
let token: string;
let folder: string;
beforeEach(async () => {
  world = await new World().start();
  await world.onlineAgent();
  token = await world.login();
  folder = join(world.directory, 'ops');
  mkdirSync(join(folder, 'below'), { recursive: true });
  await apply(CATALOGUE);
});
afterEach(() => world.remove());

const apply = (yaml: string, query = ''): Promise<Answered> => world.call('POST', `/apply${query}`, { token, yaml });
const get = (path: string): Promise<Answered> => world.call('GET', path, { token });
const sdp = (...argv: string[]): Promise<Ran> => cli({ url: world.server.url, token }, ...argv);
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const own = (name: string, more = ''): string =>
  `apiVersion: sdp/v1\nkind: Sandbox\nmetadata: {name: ${name}, labels: {team: a}}\nspec:\n  # what is tested\n  services: {account: {branch: develop}}\n${more}`;
const managed = (...argv: string[]): Promise<Ran> => sdp('apply', '-f', folder, '--prune', '-l', 'team=a', '--managed-by', 'https://git.company.com/ops.git', ...argv);
const document = async (name: string): Promise<DocumentView['document']> => ((await get(`/sandboxes/${name}`)).body as unknown as DocumentView).document;

describe('export', () => {
  it('gives files that apply finds unchanged: with text and without, short forms, held, with secrets', async () => {
    await apply(SANDBOX);
    await apply('account: {target: ocp}\n', '?sandbox=QA-LOGIN-ERROR');
    await apply('apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: db}\nspec: {secrets: {PASSWORD: hunter2hunter2}, variables: {A: "1"}}\n');
    await world.call('POST', '/sandboxes/qa-login-error/clone', { token, body: { name: 'copy' } });
    await world.call('POST', '/sandboxes/qa-login-error/hold', { token, body: { for: '2h' } });
    const before = await world.store.currentVersion();
    const { items } = (await get('/export')).body as unknown as { items: ExportedDocument[] };
    expect(items.map(({ path }) => path)).toEqual(['service/account.yaml', 'service/payment.yaml', 'environment/db.yaml', 'environment/qa.yaml', 'sandbox/copy.yaml', 'sandbox/QA-LOGIN-ERROR.yaml', 'route/copy.yaml', 'route/QA-LOGIN-ERROR.yaml']);
    expect(JSON.stringify(items)).not.toContain('hunter2');
    expect(items.find(({ name }) => name === 'db')?.yaml).toContain('PASSWORD:\n      version: 0');
    const sandbox = items.find(({ name, kind }) => name === 'QA-LOGIN-ERROR' && kind === 'Sandbox')?.yaml;
    expect(sandbox).toContain('# why this sandbox');
    expect(sandbox).not.toContain('hold');
    const again = await world.call('POST', '/apply', { token, body: { files: items.map(({ path, yaml }) => ({ name: path, text: yaml })) } });
    expect((again.body as unknown as ApplyResponse).results.map(({ outcome }) => outcome)).toEqual(items.map(() => 'unchanged'));
    expect(await world.store.currentVersion()).toBe(before);
    const environment = await world.store.get('Environment', 'db');
    expect(await world.store.readSecrets(environment?.metadata.uid ?? '')).toEqual({ PASSWORD: 'hunter2hunter2' });
    expect((await document('qa-login-error')).spec).toMatchObject({ hold: { by: 'achmad' } });
  });

  it('chooses by kind and label, and pages', async () => {
    await apply(own('x'));
    expect((await get('/export?kind=sandbox&selector=team=a')).body['items']).toMatchObject([{ name: 'x' }]);
    expect((await get('/export?selector=team=b')).body['items']).toEqual([]);
    const first = (await get('/export?limit=2')).body;
    expect(first['items']).toHaveLength(2);
    const rest = await get(`/export?cursor=${encodeURIComponent(String(first['next']))}`);
    expect(rest.body['items']).toMatchObject([{ name: 'qa' }, { name: 'x' }]);
    expect((await get('/export?kind=sandbax')).body.code).toBe('unknown_kind');
  });

  it('refuses a secret to keep that there is no value of', async () => {
    const bad = await apply('apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: db}\nspec: {secrets: {PASSWORD: {version: 0}}}\n');
    expect(bad.body).toMatchObject({ code: 'invalid_document', message: expect.stringContaining('has no value here') });
  });
});

describe('apply --prune', () => {
  beforeEach(async () => {
    write('a.yaml', own('a'));
    writeFileSync(join(folder, 'below', 'b.yaml'), own('b'));
    write('c.json', JSON.stringify({ apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'c', labels: { team: 'a' } }, spec: {} }));
    expect(await managed('--yes')).toMatchObject({ code: 0, err: '' });
  });

  it('makes the scope equal to the folder, and touches nothing outside of it', async () => {
    await apply('sandbox: other\nservices: {account: {branch: develop}}\n');
    write('c.json', '# nothing\n');
    const ran = await managed('--yes');
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('sandbox/c deleted') });
    expect((await document('c')).metadata.deletedAt).toBeDefined();
    expect((await document('other')).metadata.deletedAt).toBeUndefined();
    expect((await document('a')).metadata.managedBy).toMatchObject({ source: 'https://git.company.com/ops.git', applied: 1 });
  });

  it('shows the plan and refuses where there is nobody to ask', async () => {
    writeFileSync(join(folder, 'c.json'), '');
    const ran = await managed();
    expect(ran.code).toBe(2);
    expect(ran.out).toContain('sandbox/c deleted');
    expect(ran.err).toContain('--yes');
    expect((await document('c')).metadata.deletedAt).toBeUndefined();
  });

  it('refuses without a scope, what is outside of it, and to delete everything', async () => {
    expect(await sdp('apply', '-f', folder, '--prune', '--yes')).toMatchObject({ code: 2 });
    expect((await world.call('POST', '/apply?prune=true', { token, body: { files: [{ name: 'a', text: own('a') }] } })).body.code).toBe('invalid_request');
    write('d.yaml', `---\n# first\n${own('d').replace('team: a', 'team: b')}`);
    const outside = await managed('--yes');
    expect(outside.code).toBe(2);
    expect(outside.err).toMatch(/d\.yaml:5:\d+: metadata\.labels: sandbox\/d is outside of the scope team=a/);
    const all = await world.call('POST', '/apply?prune=true&selector=team=a', { token, body: { files: [{ name: 'e', text: own('e') }] } });
    expect(all.body).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('all 3 documents would be deleted') });
  });

  it('refuses to delete what nobody agreed to', async () => {
    await apply(own('late'));
    const files = ['a', 'b'].map((name) => ({ name, text: own(name) }));
    const answer = await world.call('POST', '/apply?prune=true&selector=team=a', { token, body: { files, expectPruned: ['sandbox/c'] } });
    expect(answer.body).toMatchObject({ code: 'conflict', message: expect.stringContaining('sandbox/late') });
    expect((await document('c')).metadata.deletedAt).toBeUndefined();
  });

  it('leaves what somebody else holds, and with it everything else', async () => {
    const eva = await world.login('eva');
    await world.call('POST', '/sandboxes/c/hold', { token: eva, body: {} });
    writeFileSync(join(folder, 'c.json'), '');
    write('a.yaml', own('a').replace('develop', 'main'));
    expect(await managed('--yes')).toMatchObject({ code: 5, err: expect.stringContaining('held by eva') });
    expect((await document('a')).metadata.revision).toBe(1);
  });

  it('tells who edits by hand, shows the drift, and undoes it', async () => {
    const byHand = await apply(own('a').replace('develop', 'main'));
    expect(byHand.body['results']).toMatchObject([{ warnings: [expect.stringContaining('the next apply from there undoes this')] }]);
    expect((await document('a')).metadata.managedBy).toMatchObject({ edited: { by: 'achmad', revision: 2 } });
    expect((await sdp('get', 'sandboxes')).out).toMatch(/^a .*edited by hand$/m);
    expect((await sdp('describe', 'sandbox/a')).out).toContain('edited by hand since by achmad');
    const diff = await sdp('diff', '-f', folder);
    expect(diff).toMatchObject({ code: 1, out: expect.stringContaining('~ spec.services.account.branch: main -> develop') });
    expect(await managed('--yes')).toMatchObject({ code: 0, out: expect.stringContaining('this undoes that') });
    expect((await document('a')).metadata.managedBy).not.toHaveProperty('edited');
    expect(await sdp('diff', '-f', folder)).toMatchObject({ code: 0, out: 'No difference.\n' });
  });

  it('says nothing of deploys and holds, which no source has', async () => {
    const deployed = await world.call('POST', '/sandboxes/a/deploy', { token, body: {} });
    expect(deployed.body).not.toHaveProperty('results[0].warnings');
    await world.call('POST', '/sandboxes/a/hold', { token, body: {} });
    expect((await document('a')).metadata.managedBy).not.toHaveProperty('edited');
    expect(await managed('--yes')).toMatchObject({ code: 0 });
    expect((await document('a')).spec).toHaveProperty('hold');
  });
});

it('names file, line and path of each mistake of several files', async () => {
  const files = [{ name: 'x.yaml', text: 'sandbox: X\nservices: {acount: {branch: develop}}\n' }, { name: 'y.yaml', text: 'sandbox: Y\nbrunch: z\n' }];
  const bad = await world.call('POST', '/apply', { token, body: { files } });
  expect(bad.body.findings).toMatchObject([{ file: 'y.yaml', line: 2 }]);
  const references = await world.call('POST', '/apply', { token, body: { files: [{ name: 'w.yaml', text: 'sandbox: W\n' }, ...files.slice(0, 1)] } });
  expect(references.body.findings).toMatchObject([{ file: 'x.yaml', line: 2, path: 'spec.services.acount' }]);
});
