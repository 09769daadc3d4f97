import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StaleWrite } from '#schema/errors';
import { threeWay } from '#api/documents/three-way';
import { cli } from './support/cli.ts';
import { CATALOGUE, SANDBOX, World } from './support/world.ts';

describe('a three-way difference', () => {
  it('says of each field who changed it', () => {
    const base = { spec: { a: 1, b: 1, c: 1, d: 1, gone: 1, list: [1] } };
    const theirs = { spec: { a: 2, b: 1, c: 2, d: 2, list: [1, 2] } };
    const yours = { spec: { a: 1, b: 2, c: 2, d: 3, gone: 1, list: [3] } };
    expect(Object.fromEntries(threeWay(base, theirs, yours).map(({ path, verdict }) => [path, verdict]))).toEqual({
      'spec.a': 'theirs', 'spec.b': 'yours', 'spec.c': 'same', 'spec.d': 'conflicting', 'spec.gone': 'theirs', 'spec.list': 'conflicting',
    });
  });

  it('tells a field once where one side replaced what it is part of', () => {
    const found = threeWay({ spec: { map: { x: 1 } } }, { spec: { map: { x: 2 } } }, { spec: { map: 'text' } });
    expect(found).toEqual([{ path: 'spec.map', base: { x: 1 }, theirs: { x: 2 }, yours: 'text', verdict: 'conflicting' }]);
  });

  it('shows no secret, and takes every difference for one to decide when the base is not known', () => {
    const found = threeWay(undefined, { spec: { secrets: { P: { version: 1 } } } }, { spec: { secrets: { P: 'plain' }, x: 1 } });
    expect(JSON.stringify(found)).not.toContain('plain');
    expect(found.map(({ verdict }) => verdict)).toEqual(['conflicting', 'conflicting']);
  });
});

describe('a stale write', () => {
  let world: World;
  let token: string;
  beforeEach(async () => {
    world = await new World().start();
    await world.onlineAgent();
    token = await world.login();
    await world.call('POST', '/apply', { token, yaml: CATALOGUE });
    await world.call('POST', '/apply', { token, yaml: SANDBOX });
  });
  afterEach(() => world.remove());

  it('names both revisions, whose and when, with each field; also when it was deleted meanwhile', async () => {
    const stale = (await world.store.get('Sandbox', 'qa-login-error'))?.metadata.resourceVersion ?? 0;
    const eva = await world.login('eva');
    await world.call('POST', '/apply?message=for+eva', { token: eva, yaml: SANDBOX.replace('feature/login-error', 'hers') });
    const mine = { 'if-match': `"${stale}"` };
    const answer = await world.call('PUT', '/sandboxes/qa-login-error', { token, yaml: SANDBOX.replace('feature/login-error', 'mine'), headers: mine });
    expect(answer.status).toBe(409);
    expect(answer.body['conflicts']).toMatchObject([
      {
        kind: 'Sandbox',
        name: 'QA-LOGIN-ERROR',
        base: { revision: 1, by: 'achmad' },
        theirs: { revision: 2, by: 'eva', message: 'for eva' },
        fields: [{ path: 'spec.services.account.branch', base: 'feature/login-error', theirs: 'hers', yours: 'mine', verdict: 'conflicting' }],
      },
    ]);
    await world.store.apply([], { user: 'x' }, [{ kind: 'Environment', name: 'qa' }]);
    const gone = await world.call('PUT', '/environments/qa', { token, yaml: 'apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: qa}\nspec: {}\n', headers: { 'if-match': '"3"' } });
    expect((gone.body['conflicts'] as StaleWrite[])[0]?.theirs).toMatchObject({ deleted: true, by: 'x' });
  });

  it('of an edit keeps the text and says where; of a file is printed field by field', async () => {
    const connection = { url: world.server.url, token };
    const { resourceVersion } = (await world.store.get('Sandbox', 'qa-login-error'))?.metadata ?? { resourceVersion: 0 };
    process.env['SDP_EDITOR'] = `f() { sed -i 's#feature/login-error#mine#' "$1"; curl -s -o /dev/null -X PUT -H 'authorization: Bearer ${token}' -H 'content-type: application/json' -d '{"target":"ocp"}' ${world.server.url}/api/v1/sandboxes/qa-login-error/routes/account; curl -s -o /dev/null -X POST -H 'authorization: Bearer ${token}' ${world.server.url}/api/v1/sandboxes/qa-login-error/suspend; }; f`;
    try {
      const edit = await cli(connection, 'edit', 'sandbox/QA-LOGIN-ERROR');
      expect(edit.code).toBe(5);
      expect(edit.err).toContain('No field was changed by both');
      const kept = /Your text is kept in (\S+)/.exec(edit.err)?.[1] ?? '';
      expect(readFileSync(kept, 'utf8')).toContain('branch: mine  # under test');
      rmSync(dirname(kept), { recursive: true });
    } finally {
      delete process.env['SDP_EDITOR'];
    }
    const whole = `apiVersion: sdp/v1\nkind: Sandbox\nmetadata: {name: QA-LOGIN-ERROR, resourceVersion: ${resourceVersion}}\nspec: {run: active, services: {}}\n`;
    const file = `${world.directory}/mine.yaml`;
    writeFileSync(file, whole);
    const apply = await cli(connection, 'apply', '-f', file);
    expect(apply.code).toBe(5);
    expect(apply.err).toMatch(/changed by both, to be decided\n {4}spec\.run\n {6}was: {4}\(nothing\)\n {6}theirs: suspended\n {6}yours: {2}active/);
  });

  it('saves an edit with its comments, and does nothing for an untouched text', async () => {
    const connection = { url: world.server.url, token };
    process.env['SDP_EDITOR'] = `sed -i 's#feature/login-error#mine#'`;
    try {
      expect(await cli(connection, 'edit', 'QA-LOGIN-ERROR')).toMatchObject({ code: 0, out: 'sandbox/QA-LOGIN-ERROR is at revision 2\n' });
      expect(await cli(connection, 'edit', 'QA-LOGIN-ERROR')).toMatchObject({ code: 0, out: 'Nothing was changed.\n' });
    } finally {
      delete process.env['SDP_EDITOR'];
    }
    expect((await cli(connection, 'get', 'sandbox/QA-LOGIN-ERROR', '-o', 'yaml')).out).toBe(SANDBOX.replace('feature/login-error', 'mine'));
    expect((await cli(connection, 'get', 'sandbox/QA-LOGIN-ERROR', '--rev', '1')).out).toBe(SANDBOX);
    expect(await cli(connection, 'get', 'sandbox/QA-LOGIN-ERROR', '--rev', '9')).toMatchObject({ code: 6 });
  });

  it('is shown between revisions, for every kind, and rolled back by its number', async () => {
    const connection = { url: world.server.url, token };
    const environment = (text: string): string => `apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: qa}\nspec: {files: {/app/c: ${JSON.stringify(text)}}}\n`;
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    await world.call('POST', '/apply', { token, yaml: environment(`${lines.join('\n')}\n`) });
    await world.call('POST', '/apply', { token, yaml: environment(`${lines.with(10, 'other').join('\n')}\n`) });
    const diff = await cli(connection, 'diff', 'environment/qa', '--rev', '2..3');
    expect(diff.code).toBe(1);
    expect(diff.out).toBe(
      ['environment/qa from revision 2 to 3', '  ~ spec.files["/app/c"]:', '      … 8 lines', '        line 8', '        line 9', '      - line 10', '      + other', '        line 11', '        line 12', '      … 7 lines', ''].join('\n'),
    );
    expect((await cli(connection, 'rollback', 'environment/qa', '--to', '2')).code).toBe(0);
    expect(await cli(connection, 'diff', 'environment/qa', '--rev', '2')).toMatchObject({ code: 0, out: expect.stringContaining('No field differs') });
    expect((await cli(connection, 'history', 'environment/qa')).out).toContain('Rollback to revision 2');
    expect(await cli(connection, 'diff', 'environment/qa', '--rev', 'x')).toMatchObject({ code: 2 });
  });
});
