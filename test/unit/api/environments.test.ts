/** Environments over HTTP, with the real store and reconciler: imports, sources of values, keys, and no leak anywhere. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApplyResponse, RotateSecretsView, SecretKeysView, VariablesView } from '#schema/http';
import { ApiClient } from '#api/cli/client';
import { importText, variablesText } from '#api/cli/env-text';
import { resultLines } from '#api/cli/plan-text';
import { createReconciler } from '#reconciler/create-reconciler';
import { MasterKeys } from '#specs/master-key';
import { findCanaries } from '../../support/canary.ts';
import { PASSWORD, World, type Answered } from './support/world.ts';

const SECRET = `k&nary/secret+"1"?ü${randomBytes(6).toString('hex')}`;
const world = new World();
let token: string;
let local: ApiClient;
/** Every answer and event is kept for the search at the end. */
const seen: Record<string, string> = {};

async function call(method: string, path: string, more: { body?: unknown; yaml?: string } = {}): Promise<Answered> {
  const answer = await world.call(method, path, { token, ...more });
  seen[`${Object.keys(seen).length} ${method} ${path}`] = JSON.stringify([answer.body, [...answer.headers]]);
  return answer;
}
const apply = (yaml: string, query = ''): Promise<Answered> => call('POST', `/apply${query}`, { yaml });
const imported = (name: string, body: object, query = ''): Promise<Answered> => call('POST', `/environments/${name}/import${query}`, { body });

const DOCUMENTS = `apiVersion: sdp/v1
kind: Environment
metadata: {name: ocp-payment}
spec: {variables: {DB_HOST: db.ocp, LEVEL: info}, files: {/etc/a: a}}
---
apiVersion: sdp/v1
kind: Environment
metadata: {name: qa}
spec: {variables: {LEVEL: debug, GROUP: "{sandbox}-{service}"}, files: {/etc/a: bb, /etc/bytes: {base64: AAH/}}}
---
apiVersion: sdp/v1
kind: Service
metadata: {name: payment}
spec: {baseline: "https://payment-dev.company.com", repository: account, environments: [ocp-payment], sharedState: [DB_HOST]}
---
apiVersion: sdp/v1
kind: Service
metadata: {name: user}
spec: {baseline: "https://user-dev.company.com"}
---
sandbox: QA
gateway: {repository: account}
environments: [qa]
variables: {LEVEL: trace, PAYMENT_URL: "http://mock"}
services:
  payment: {branch: develop, variables: {LEVEL: warn, SPACED: "  a \\n$HOME 'q' "}}
`;

beforeAll(async () => {
  const socket = join(world.directory, 'sdp.sock');
  await world.start({
    localSocket: socket,
    makeReconciler: (deps) =>
      createReconciler({
        ...deps,
        store: world.store,
        epoch: 1,
        installation: 'test',
        defaults: { gateway: { repository: 'account', branch: 'develop' }, startSeconds: 5, drainSeconds: 1, retentionDays: 30 },
        onError: () => undefined,
      }),
  });
  local = new ApiClient({ url: 'http://localhost', socket });
  await world.onlineAgent();
  token = await world.login();
  const stream = new WebSocket(`${world.server.url.replace('http', 'ws')}/api/v1/stream`, { headers: { authorization: `Bearer ${token}` } });
  stream.on('message', (data) => void (seen['events'] = `${seen['events'] ?? ''}${String(data)}\n`));
  await new Promise((resolve) => stream.once('open', resolve));
  expect((await apply(DOCUMENTS)).status).toBe(200);
});
afterAll(() => world.remove());

it('a change of what many use is planned for each that it does something to, before it is saved', async () => {
  const environment = (level: string): string => `apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: qa}\nspec: {variables: {LEVEL: ${level}, NEW: "1", GROUP: "{sandbox}-{service}"}, files: {/etc/a: bb, /etc/bytes: {base64: AAH/}}}\n`;
  const { body } = await apply(environment('debug'), '?dryRun=true');
  const [result] = (body as unknown as ApplyResponse).results;
  expect(result?.affects).toMatchObject([{ sandbox: 'QA', warnings: [expect.stringContaining('DB_HOST')] }]);
  expect(resultLines(result!, false).join('\n')).toContain('sandbox/QA, which uses it:');
  const same = (await apply(DOCUMENTS.split('---')[1] ?? '', '?dryRun=true')).body as unknown as ApplyResponse;
  expect(same.results[0]).not.toHaveProperty('affects');
});

describe('the variables of a service', () => {
  it('come with their sources, what they win over, and warnings', async () => {
    const body = (await call('GET', '/sandboxes/QA/services/payment/variables')).body as unknown as VariablesView;
    const of = (name: string) => body.variables.find((variable) => variable.name === name);
    expect(of('LEVEL')).toEqual({
      name: 'LEVEL', value: 'warn', layer: 'service', source: 'variables of payment in the sandbox',
      overrides: [
        { value: 'trace', layer: 'sandbox', source: 'variables of the sandbox' },
        { value: 'debug', layer: 'sandbox', environment: 'qa', source: 'environment qa of the sandbox' },
        { value: 'info', layer: 'defaults', environment: 'ocp-payment', source: 'environment ocp-payment, a default of payment' },
      ],
    });
    expect(of('GROUP')?.value).toBe('qa-payment');
    expect(of('PORT')).toEqual({ name: 'PORT', value: '8080', layer: 'injected', source: 'SDP itself', overrides: [] });
    expect(of('PAYMENT_URL')).toMatchObject({ value: 'http://mock', overrides: [{ value: 'http://payment.sdp:7080', layer: 'injected' }] });
    expect(body.files).toEqual([
      { path: '/etc/a', bytes: 2, environment: 'qa', source: 'environment qa of the sandbox', overrides: ['environment ocp-payment, a default of payment'] },
      { path: '/etc/bytes', bytes: 3, environment: 'qa', source: 'environment qa of the sandbox', overrides: [] },
    ]);
    expect(body.warnings).toHaveLength(1);
    expect(`${variablesText(body, false)}\n`).toMatchInlineSnapshot(`
      "NAME         VALUE                 FROM
      DB_HOST      db.ocp                ocp-payment (default)
      GROUP        qa-payment            qa (sandbox)
      LEVEL        warn                  service
      PAYMENT_URL  http://mock           sandbox
      PORT         8080                  SDP
      SPACED       "  a \\n$HOME 'q' "    service
      USER_URL     http://user.sdp:7080  SDP

      FILE        BYTES  FROM
      /etc/a      2      qa
      /etc/bytes  3      qa

      LEVEL wins over trace of sandbox, debug of qa (sandbox), info of ocp-payment
        (default)
      PAYMENT_URL wins over http://payment.sdp:7080 of SDP
      /etc/a wins over environment ocp-payment, a default of payment

      warning: payment keeps OCP's value of DB_HOST (from environment ocp-payment, a
        default of payment): it works on state that others use; set DB_HOST in the
        sandbox's variables or environments.
      "
    `);
  });

  it('are those of OCP where it does not run here', async () => {
    expect((await call('GET', '/sandboxes/QA/services/user/variables')).body).toMatchObject({
      code: 'not_found',
      message: 'user does not run in QA: it is left to OCP, which gives it its own variables.',
    });
    expect((await call('GET', '/sandboxes/QA/services/paymnet/variables')).body.message).toContain('Did you mean "payment"?');
    expect((await call('GET', '/sandboxes/QA/services/gateway/variables')).status).toBe(200);
  });

  it('warn of shared state in the plan of every write', async () => {
    const sandbox = 'sandbox: W\nservices:\n  payment: {branch: develop}\n';
    const warnings = async (yaml: string): Promise<string[]> => {
      const { results } = (await apply(yaml, '?dryRun=true')).body as { results?: { plan: { warnings: string[] } }[] };
      return (results?.[0]?.plan.warnings ?? []).filter((warning) => warning.includes('DB_HOST'));
    };
    expect(await warnings(sandbox)).toEqual([expect.stringMatching(/^payment keeps OCP's value of DB_HOST \(from environment ocp-payment/)]);
    expect(await warnings(`${sandbox}variables: {DB_HOST: "db-{sandbox}"}\n`)).toEqual([]);
  });
});

describe('an import', () => {
  it('shows first what it would do, then does it, and keeps which came from where', async () => {
    const body = { text: `export LOG='x'\nDB_PASSWORD="${SECRET.replace(/"/g, '\\"')}"\n`, file: 'app.env', secrets: ['DB_PASSWORD'] };
    const preview = await imported('app', body, '?dryRun=true');
    expect(preview.body).toEqual({
      environment: 'app', dryRun: true, outcome: 'created', notes: [], resourceVersion: expect.any(Number),
      entries: [
        { name: 'LOG', as: 'variable', change: 'added', bytes: 1, from: 'app.env:1', value: 'x' },
        { name: 'DB_PASSWORD', as: 'secret', change: 'added', bytes: Buffer.byteLength(SECRET), from: 'app.env:2' },
      ],
    });
    expect(importText(preview.body as never, false)).toContain('DB_PASSWORD  secret    added   (32 bytes)  app.env:2\nenvironment/app would be created');
    expect((await call('GET', '/environments/app')).status).toBe(404);
    expect((await imported('app', body)).body).toMatchObject({ outcome: 'created' });
    expect((await imported('app', body)).body).toMatchObject({ outcome: 'unchanged', entries: [{ change: 'unchanged' }, { change: 'unchanged' }] });
    const configMap = `kind: ConfigMap\nmetadata: {name: more}\ndata: {LOG: "y"}\n---\nkind: Secret\nmetadata: {name: pw}\ndata: {DB_PASSWORD: ${Buffer.from(`${SECRET}2`).toString('base64')}}\n`;
    expect((await imported('app', { text: configMap, file: 'all.yaml' })).body).toMatchObject({
      outcome: 'configured',
      entries: [{ name: 'LOG', change: 'changed', value: 'y' }, { name: 'DB_PASSWORD', change: 'changed', from: 'secret/pw (all.yaml:7)' }],
    });
    const { document } = (await call('GET', '/environments/app')).body as { document?: { metadata: { uid: string; annotations: Record<string, string> }; spec: unknown } };
    expect(document?.spec).toEqual({ variables: { LOG: 'y' }, secrets: { DB_PASSWORD: { version: 2, updatedAt: expect.any(String) } } });
    expect(document?.metadata.annotations).toEqual({ 'sdp/imported-from': '{"secret/pw":["DB_PASSWORD"],"configmap/more":["LOG"]}' });
    expect(await world.store.readSecrets(document?.metadata.uid ?? '')).toEqual({ DB_PASSWORD: `${SECRET}2` });
  });

  it('is refused as a whole, with file and line', async () => {
    const { status, body } = await imported('app', { text: 'A=1\nB C\n', file: 'app.env' });
    expect([status, body.findings]).toEqual([422, [{ file: 'app.env', line: 2, message: 'is not of the form NAME=value.' }]]);
    expect((await imported('app', { text: `A=${'x'.repeat(130_000)}` })).body.message).toContain('is 130000 bytes long');
  });
});

describe('an environment', () => {
  it('says in bytes what is too large, and where it can go', async () => {
    const value = (spec: string): string => `apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: big}\nspec: ${spec}\n`;
    expect((await apply(value(`{variables: {A: ${'ä'.repeat(61_441)}}}`))).body.findings).toMatchObject([
      { line: 4, path: 'spec.variables.A', message: 'is 122882 bytes long; a variable holds at most 122880 (120 KiB). Put it into "files" of an environment, and its path into the variable.' },
    ]);
    expect((await apply(value(`{secrets: {A: ${'x'.repeat(122_881)}}}`))).body.findings).toHaveLength(1);
    expect((await apply(value(`{files: {/a: ${'x'.repeat(1_048_577)}}}`))).body.message).toContain('a file holds at most 1048576 (1 MiB)');
    expect((await apply(value('{variables: {A: "a\\0b"}}'))).body.message).toContain('holds a NUL character');
    expect((await apply(value(`{variables: {A: ${'ä'.repeat(61_440)}}, files: {/a: ${'x'.repeat(1_048_576)}}}`))).status).toBe(200);
  });

  it('cannot be deleted while it is used', async () => {
    expect((await call('DELETE', '/environments/qa')).body).toMatchObject({ code: 'conflict', message: 'Environment "qa" is in use by Sandbox "QA".' });
    expect((await call('DELETE', '/environments/ocp-payment')).body.message).toContain('Service "payment"');
  });
});

describe('master keys', () => {
  const keysNow = async (): Promise<SecretKeysView> => (await call('GET', '/secrets/keys')).body as unknown as SecretKeysView;

  it('are changed over while the server runs, by who runs it, and the old one can go', async () => {
    const old = readFileSync(world.keyFile, 'utf8');
    const [before] = (await keysNow()).keys;
    expect(before).toMatchObject({ writes: true, known: true, values: 2 });
    expect((await call('POST', '/secrets/rotate')).body).toMatchObject({ code: 'forbidden', hint: expect.stringContaining('sdp --local secrets rotate') });

    const fresh = `${randomBytes(32).toString('hex')}\n`;
    writeFileSync(world.keyFile, fresh);
    await expect(local.post('/secrets/rotate')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(`has no longer the key ${before?.id}, which 2 stored values are encrypted with`) });
    expect((await keysNow()).keys).toEqual([before]);

    writeFileSync(world.keyFile, `${fresh}${old}`);
    const rotated = await local.post<RotateSecretsView>('/secrets/rotate');
    expect(rotated).toMatchObject({ rewrapped: 2, left: 0, keys: [{ writes: true, values: 2 }, { id: before?.id, writes: false, known: true, values: 0 }] });
    expect(await local.post('/secrets/rotate')).toMatchObject({ rewrapped: 0 });
    writeFileSync(world.keyFile, fresh);
    expect(await local.post('/secrets/rotate')).toMatchObject({ rewrapped: 0, keys: [{ writes: true, values: 2 }] });
    const uid = (await world.store.get('Environment', 'app'))?.metadata.uid ?? '';
    expect(await world.store.readSecrets(uid)).toEqual({ DB_PASSWORD: `${SECRET}2` });
  });

  it('show nothing of themselves in JSON', () => {
    expect(JSON.stringify(new MasterKeys([randomBytes(32)]))).toBe('{}');
  });
});

it('no secret and no password is anywhere: database, WAL, logs, answers, events, audit', async () => {
  const environment = (secrets: string): string => `apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: leak}\nspec:\n  variables: {A: b}\n  secrets:\n    ${secrets}\n`;
  const quoted = JSON.stringify(SECRET);
  const word = SECRET.replace(/[^a-z0-9]/g, '');
  expect((await apply(environment(`P: ${quoted}`))).status).toBe(200);
  // Mistakes of every kind that could repeat what stands there.
  for (const wrong of [
    `P: ${quoted} x`, `P: [${quoted}]`, `P: {value: ${quoted}}`, `P: {${word}: 1}`, `P: {version: 9, ${word}: 1}`, `P: *${word}`, `P: |${word}`, `P: @${word}`,
    `P: "${word}`, `P: ${word}: x`, `P: {version: ${quoted}}`, `P: "${word.repeat(6_000)}"`, `P: "\\0${word}"`, `${word}`, `P: 1${'0'.repeat(20)}`,
  ]) {
    const refused = await apply(environment(wrong));
    expect(refused.status, wrong.slice(0, 60).replace(word, '...')).toBeGreaterThanOrEqual(400);
    await call('POST', '/apply', { body: { documents: [{ apiVersion: 'sdp/v1', kind: 'Environment', metadata: { name: 'leak' }, spec: { secrets: { P: [SECRET], Q: { [word]: SECRET } } } }] } });
  }
  await imported('leak', { text: `P='${SECRET}\n`, file: 'a.env' });
  await imported('leak', { text: `P ${SECRET}\n1=${SECRET}\n"${SECRET}"=1\n`, file: 'a.env' });
  await imported('leak', { text: `kind: Secret\nmetadata: {name: s}\nstringData: {tls.key: ${quoted}, A: [${quoted}]}\n`, file: 'a.yaml' });
  await call('POST', '/login', { body: { username: 'achmad', password: `${PASSWORD}x` } });
  await call('PUT', '/environments/leak', { yaml: environment(`P: ${JSON.stringify(`${SECRET}3`)}`) });
  await call('POST', '/environments/leak/rollback', { body: { revision: 1 } });
  await apply('sandbox: USES\nenvironments: [leak, app]\nservices: {payment: {branch: develop}}\n');
  for (const path of [
    '/environments', '/environments/leak', '/environments/leak/revisions', '/environments/leak/diff', '/sandboxes/USES', '/sandboxes/USES/services/payment/variables',
    '/audit?limit=1000', '/deployments', '/secrets/keys', '/nodes', '/repositories',
  ]) {
    expect((await call('GET', path)).status, path).toBe(200);
  }
  expect((await call('POST', '/sandboxes/USES/snapshot', { body: { name: 'kept' } })).status).toBeLessThan(300);
  const passphrase = { method: 'POST', body: JSON.stringify({ passphrase: 'correct horse battery staple' }) };
  for (const [path, how] of [['/export'], ['/audit/export'], ['/snapshots/kept'], ['/snapshots/kept/export'], ['/snapshots/kept/export', passphrase], ['/sandboxes/USES/timeline']] as const) {
    const answer = await fetch(`${world.server.url}/api/v1${path}`, { ...how, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });
    expect(answer.status, path).toBe(200);
    seen[`${how === undefined ? '' : 'sealed '}${path}`] = await answer.text();
  }
  expect(seen['/export']).toContain('kind: Environment');
  expect(seen['sealed /snapshots/kept/export']?.length).toBeGreaterThan(seen['/snapshots/kept/export']?.length ?? Infinity);
  const texts = { ...seen, log: world.logged.join('\n') };
  expect(Object.keys(seen).length).toBeGreaterThan(60);
  expect(seen['events']).toContain('"kind":"Environment"');
  // What is looked for is found where it is: the search itself works.
  expect(findCanaries({ secret: SECRET }, { texts: { here: `x${Buffer.from(`y${SECRET}`).toString('base64')}` } })).toEqual(['here: base64, shifted by 1 of secret', 'here: base64url, shifted by 1 of secret']);
  expect(findCanaries({ secret: SECRET, word, password: PASSWORD }, { folders: [world.directory], texts })).toEqual([]);
}, 60_000);
