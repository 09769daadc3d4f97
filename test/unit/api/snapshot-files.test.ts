import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredDocument } from '#schema/documents';
import type { DocumentView } from '#schema/http';
import { CATALOGUE, SANDBOX, World, type Answered } from './support/world.ts';

const PASSPHRASE = 'correct horse battery';
const CANARY = 'canary-"$1"\nsecond line';

/** Two installations; what is exported on `here` is imported on `there`. */
let here: World;
let there: World;
let token: string;
let tokenThere: string;
beforeEach(async () => {
  [here, there] = await Promise.all([new World().start(), new World().start()]);
  await Promise.all([here.onlineAgent(), there.onlineAgent()]);
  [token, tokenThere] = await Promise.all([here.login(), there.login()]);
  await here.call('POST', '/apply', { token, yaml: `${CATALOGUE}---\n${SANDBOX}environments: [secret-qa]\n---\napiVersion: sdp/v1\nkind: Environment\nmetadata: {name: secret-qa}\nspec: {secrets: {PASSWORD: ${JSON.stringify(CANARY)}}}\n` });
  const { uid } = ((await here.call('GET', '/sandboxes/qa-login-error', { token })).body as unknown as DocumentView).document.metadata;
  const about = { sandboxUid: uid, generation: 1, repository: 'account', subject: 's', author: 'Ana', authoredAt: '2026-01-01T00:00:00Z', resolvedAt: '2026-01-01T00:00:00Z', resolvedBy: 'achmad' };
  await here.store.addResolution({ ...about, service: 'account', branch: 'feature/login-error', commit: 'a'.repeat(40) });
  await here.store.addResolution({ ...about, service: 'gateway', branch: 'develop', commit: 'b'.repeat(40) });
  await here.call('POST', '/sandboxes/qa-login-error/snapshot', { token, body: { name: 's' } });
});
afterEach(() => Promise.all([here.remove(), there.remove()]));

async function exported(passphrase?: string): Promise<string> {
  const answer = passphrase === undefined ? await here.call('GET', '/snapshots/s/export', { token }) : await here.call('POST', '/snapshots/s/export', { token, body: { passphrase } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return String(answer.body['text']);
}

const importThere = (file: string, more: object = {}): Promise<Answered> => there.call('POST', '/snapshots', { token: tokenThere, body: { file, ...more } });
const restoreThere = (body: object = { as: 'NEW', services: true }): Promise<Answered> => there.call('POST', '/snapshots/s/restore', { token: tokenThere, body });
const snapshotsThere = (): Promise<StoredDocument[]> => there.store.list('Snapshot');

describe('a snapshot in a file', () => {
  it('is readable, says what it needs, and opens with its passphrase on another installation, byte for byte', async () => {
    const file = await exported(PASSPHRASE);
    expect(file).toContain('# Sealed with a passphrase: secret-qa/PASSWORD.');
    expect(file).toContain(`account ${'a'.repeat(40)} (feature/login-error)`);
    for (const form of ['canary', Buffer.from(CANARY).toString('base64').slice(0, 8), encodeURIComponent(CANARY).slice(0, 9), PASSPHRASE]) expect(file).not.toContain(form);

    const answer = await importThere(file, { passphrase: PASSPHRASE });
    expect(answer).toMatchObject({ status: 201, body: { missing: [], document: { spec: { installation: 'test', importedBy: 'achmad', sandbox: { name: 'QA-LOGIN-ERROR' } } } } });
    expect(await restoreThere({ as: 'NEW' })).toMatchObject({ status: 422, body: { code: 'unknown_service', message: expect.stringContaining('account, payment') as string } });
    expect((await restoreThere()).body.message).toBeUndefined();
    const environment = await there.store.get('Environment', 'secret-qa');
    expect(await there.store.readSecrets(environment?.metadata.uid ?? '')).toEqual({ PASSWORD: CANARY });
    const sandbox = await there.store.get('Sandbox', 'NEW');
    expect(sandbox?.spec.gateway).toEqual({ repository: 'account', branch: 'develop' });
    expect(await there.store.resolutions(sandbox?.metadata.uid ?? '')).toMatchObject([{ service: 'account', commit: 'a'.repeat(40) }, { service: 'gateway', commit: 'b'.repeat(40) }]);
    const audit = JSON.stringify([await here.store.audit({}), await there.store.audit({}), here.logged, there.logged]);
    expect(audit).not.toContain('canary');
    expect(audit).not.toContain(PASSPHRASE);
  });

  it('without secrets says which are missing, and is restored once somebody here has given them', async () => {
    const file = await exported();
    expect(file).toContain('# Left out, to be set there: secret-qa/PASSWORD.');
    expect(await importThere(file)).toMatchObject({ status: 201, body: { missing: ['secret-qa/PASSWORD'] } });
    expect(await restoreThere()).toMatchObject({ status: 400, body: { message: expect.stringContaining('PASSWORD of environment secret-qa') as string } });
    await there.call('POST', '/apply', { token: tokenThere, yaml: 'apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: secret-qa}\nspec: {secrets: {PASSWORD: theirs}}\n' });
    expect((await restoreThere()).status).toBe(200);
    const again = await there.call('POST', '/snapshots/s/export', { token: tokenThere, body: { passphrase: PASSPHRASE } });
    expect(again).toMatchObject({ status: 503, body: { message: expect.stringContaining('came here without secrets') as string } });
  });

  it('may leave sealed secrets sealed', async () => {
    const file = await exported(PASSPHRASE);
    expect(await importThere(file)).toMatchObject({ status: 400, body: { hint: expect.stringContaining('--without-secrets') as string } });
    expect(await importThere(file, { withoutSecrets: true, as: 'other' })).toMatchObject({ status: 201, body: { missing: ['secret-qa/PASSWORD'], document: { metadata: { name: 'other' } } } });
  });

  it('is refused whole with what is wrong with it, and nothing is imported', async () => {
    const file = await exported(PASSPHRASE);
    const cases: [string, string, string][] = [
      [file, 'wrong horse battery', 'the passphrase is wrong'],
      [file.replace('branch: feature/login-error\n', 'branch: feature/login-errors\n'), PASSPHRASE, 'changed or damaged'],
      [file.replace(/data: (.)/, (_all, first: string) => `data: ${first === 'A' ? 'B' : 'A'}`), PASSPHRASE, 'changed or damaged'],
      [file.slice(0, file.length - 60), PASSPHRASE, 'cut off'],
      [file.slice(0, file.length / 2), PASSPHRASE, 'cut off'],
      [file.replace('version: 1\n', 'version: 2\n'), PASSPHRASE, 'this release of SDP reads up to 1'],
      ['kind: Sandbox\n', PASSPHRASE, 'no snapshot'],
      ['{{{', PASSPHRASE, 'cannot be read'],
    ];
    for (const [text, passphrase, said] of cases) {
      expect(text === file).toBe(said.includes('passphrase'));
      const answer = await importThere(text, { passphrase });
      expect([400, 422], said).toContain(answer.status);
      expect(answer.body.message).toContain(said);
    }
    expect(await snapshotsThere()).toEqual([]);
  });

  it('is not sealed with a passphrase that protects nothing', async () => {
    expect(await here.call('POST', '/snapshots/s/export', { token, body: { passphrase: 'short' } })).toMatchObject({ status: 400, body: { message: expect.stringContaining('at least 12') as string } });
  });
});
