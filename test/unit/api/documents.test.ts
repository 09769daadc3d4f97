import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Resolution } from '#schema/records';
import type { DocumentView } from '#schema/http';
import { CATALOGUE, SANDBOX, World, type Answered } from './support/world.ts';

let world: World;
let token: string;
beforeEach(async () => {
  world = await new World().start();
  await world.onlineAgent();
  token = await world.login();
  expect((await apply(CATALOGUE)).status).toBe(200);
});
afterEach(() => world.remove());

const apply = (yaml: string, query = '', headers: Record<string, string> = {}): Promise<Answered> =>
  world.call('POST', `/apply${query}`, { token, yaml, headers });
const post = (path: string, body: unknown = {}): Promise<Answered> => world.call('POST', path, { token, body });
const get = (path: string): Promise<Answered> => world.call('GET', path, { token });
const sandbox = async (name = 'qa-login-error'): Promise<DocumentView> => (await get(`/sandboxes/${name}`)).body as unknown as DocumentView;
const spec = async (): Promise<Record<string, never>> => (await sandbox()).document.spec as Record<string, never>;

async function resolution(generation: number, commit: string): Promise<void> {
  const { uid } = (await sandbox()).document.metadata;
  const row: Resolution = { sandboxUid: uid, generation, service: 'account', repository: 'account', branch: 'feature/login-error', commit, subject: 's', author: 'a', authoredAt: '2026-01-01T00:00:00Z', resolvedAt: '2026-01-01T00:00:00Z', resolvedBy: 'achmad' };
  await world.store.addResolution(row);
}

describe('apply', () => {
  it('writes, answers plan and changes, and finds nothing to do the second time', async () => {
    const first = await apply(SANDBOX);
    expect(first.body).toMatchObject({
      dryRun: false,
      results: [{ kind: 'Sandbox', name: 'QA-LOGIN-ERROR', outcome: 'created', generation: 1, plan: { sandbox: 'qa-login-error' } }],
    });
    const changed = await apply(SANDBOX.replace('feature/login-error', 'develop'));
    expect(changed.body).toMatchObject({
      results: [{ outcome: 'configured', changes: [{ path: 'spec.services.account.branch', before: 'feature/login-error', after: 'develop' }] }],
    });
    expect((await apply(SANDBOX.replace('feature/login-error', 'develop'))).body).toMatchObject({ results: [{ outcome: 'unchanged', changes: [] }] });
    expect(await sandbox()).toMatchObject({ text: expect.stringContaining('# why this sandbox') });
  });

  it('writes nothing on a dry run', async () => {
    expect((await apply(SANDBOX, '?dryRun=true')).body).toMatchObject({ dryRun: true, results: [{ outcome: 'created' }] });
    expect((await get('/sandboxes/qa-login-error')).status).toBe(404);
  });

  it('names file, line and path of every mistake', async () => {
    const bad = await apply('sandbox: X\nservices:\n  account:\n    brunch: develop\n', '', { 'x-sdp-file': 'x.yaml' });
    expect(bad.status).toBe(422);
    expect(bad.body.findings).toMatchObject([{ file: 'x.yaml', line: 4 }]);
    expect((await apply('sandbox: X\n\tservices: {}\n')).body.code).toBe('invalid_yaml');
  });

  it('names unknown services, environments and repositories, and what exists', async () => {
    const text = 'sandbox: X\nservices:\n  acount:\n    branch: develop\nenvironments: [qua]\ngateway: {repository: gatewey}\n';
    const bad = await apply(text, '', { 'x-sdp-file': 'x.yaml' });
    expect(bad.body.code).toBe('unknown_repository');
    expect(bad.body.findings).toMatchObject([
      { path: 'spec.gateway.repository', line: 6, message: 'no agent has the repository "gatewey". There is: account.' },
      { path: 'spec.services.acount', line: 4, message: expect.stringContaining('Did you mean "account"?') },
      { path: 'spec.environments[0]', line: 5, message: 'there is no environment "qua". Did you mean "qa"?' },
    ]);
    expect((await get('/sandboxes/x')).status).toBe(404);
  });

  it('knows what comes with the same apply', async () => {
    const both = `apiVersion: sdp/v1\nkind: Service\nmetadata: {name: ledger}\nspec: {baseline: "https://l.company.com"}\n---\nsandbox: X\nservices: {ledger: {use_ocp: true}}\n`;
    expect((await apply(both)).status).toBe(200);
  });

  it('refuses an upstreams template that does not render, with the line, also on a dry run; nothing changes', async () => {
    const service = `apiVersion: sdp/v1\nkind: Service\nmetadata: {name: gateway}\nspec:\n  baseline: https://api.company.com\n  upstreamsFile:\n    path: /app/up.conf\n    template: |\n      first\n      {{ servics }}\n`;
    for (const query of ['', '?dryRun=true']) {
      const bad = await apply(service, query, { 'x-sdp-file': 'gateway.yaml' });
      expect(bad.body).toMatchObject({
        code: 'invalid_document',
        hint: expect.stringContaining('It knows services'),
        findings: [{ file: 'gateway.yaml', line: 8, path: 'spec.upstreamsFile.template', message: 'the template of /app/up.conf does not render: line 2, column 4 of the template: undefined variable: servics.' }],
      });
    }
    expect((await get('/services/gateway')).status).toBe(404);
    expect((await apply(service.replace('servics', 'services | map: "url" | join'))).status).toBe(200);
    const inSandbox = await apply('sandbox: X\ngateway:\n  upstreamsFile: {path: /u, template: "{{ x }}"}\n');
    expect(inSandbox.body.findings).toMatchObject([{ line: 3, path: 'spec.gateway.upstreamsFile.template' }]);
    const both = await apply('sandbox: X\ngateway:\n  upstreamsFile: {path: /u, template: x, format: json}\n');
    expect(both.body.message).toContain('Give exactly one of format and template');
  });

  it('refuses a Service with which templates of other documents render no more, with their names, unless they are mended along with it', async () => {
    const picky = '{% for s in services %}{% if s.slug == "ledger" %}{{ ledgers }}{% endif %}{% endfor %}';
    const sandbox = (template: string): string => `sandbox: PICKY\ngateway:\n  upstreamsFile: {path: /u, template: '${template}'}\n`;
    const template = `template: CAREFUL\ngateway: {upstreamsFile: {path: /u, template: '${picky}'}}\n`;
    const ledger = (more = ''): string => `apiVersion: sdp/v1\nkind: Service\nmetadata: {name: Ledger}\nspec: {baseline: "https://l.company.com"${more}}\n`;
    expect((await apply(`${sandbox(picky)}---\n${template}`)).status).toBe(200);
    for (const query of ['', '?dryRun=true']) {
      const refused = await apply(ledger(), query);
      expect(refused.body).toMatchObject({ code: 'invalid_document', findings: [{ path: 'metadata.name' }] });
      expect(refused.body.message).toContain('with Ledger in the catalogue, the upstreams template of Sandbox PICKY, Template CAREFUL does not render any more: line 1');
    }
    expect((await get('/services/ledger')).status).toBe(404);
    expect((await apply(`${ledger()}---\n${sandbox('x')}---\n${template.replace(picky, 'x')}`)).status).toBe(200);
    // What was broken before keeps nobody from changing the catalogue, nor does a change that templates do not see.
    expect((await apply(ledger(', health: /up'))).status).toBe(200);
  });

  it('leaves the braces of an upstreams template to that template when a sandbox is made from a Template', async () => {
    await apply('template: T\ngateway: {branch: "{{branch}}", upstreamsFile: {path: /u, template: "{{ sandbox }}"}}\nparameters: [{name: branch}]\n');
    const made = await post('/templates/t/clone', { name: 'Y', parameters: { branch: 'main' } });
    expect(made.status).toBeLessThan(300);
    expect((await sandbox('y')).document.spec).toMatchObject({ gateway: { branch: 'main', upstreamsFile: { template: '{{ sandbox }}' } } });
  });

  it('takes the short map of routes for a sandbox, and refuses one to a service without a branch', async () => {
    await apply(SANDBOX);
    expect((await apply('account: {target: OCP}\n', '?sandbox=QA-LOGIN-ERROR')).status).toBe(200);
    const bad = await apply('payment: {target: sandbox}\n', '?sandbox=QA-LOGIN-ERROR');
    expect(bad.body).toMatchObject({ code: 'route_without_branch', hint: expect.stringContaining('--branch develop') });
  });

  it('shows no secret, in answers, history or diff', async () => {
    const environment = 'apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: db}\nspec: {secrets: {PASSWORD: hunter2hunter2}}\n';
    const answers = [
      await apply(environment, '?dryRun=true'),
      await apply(environment),
      await apply(environment.replace('hunter2hunter2', 'other-hunter2')),
      await get('/environments/db'),
      await get('/environments/db/revisions'),
      await get('/environments/db/diff?from=1&to=2'),
      await get('/audit'),
    ];
    expect(JSON.stringify(answers.map((answer) => answer.body))).not.toContain('hunter2');
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
  });

  it('refuses a body that is too large, and JSON that is none, without quoting it', async () => {
    expect((await apply('#'.repeat(32 * 1024 * 1024 + 1))).body.code).toBe('value_too_large');
    const broken = await world.call('POST', '/apply', { token, headers: { 'content-type': 'application/json' }, yaml: '{"secret": oops' });
    expect(broken.status).toBe(400);
    expect(JSON.stringify(broken.body)).not.toContain('oops');
  });
});

describe('one document', () => {
  const put = (branch: string, headers: Record<string, string> = {}): Promise<Answered> =>
    world.call('PUT', '/sandboxes/QA-LOGIN-ERROR', { token, yaml: SANDBOX.replace('feature/login-error', branch), headers });

  it('is conditional on its ETag: a stale save names both versions', async () => {
    const created = await put('a', { 'if-none-match': '*' });
    expect(created.status).toBe(201);
    const etag = created.headers.get('etag') ?? '';
    expect((await put('b', { 'if-match': etag })).status).toBe(200);
    const stale = await put('c', { 'if-match': etag });
    expect(stale.status).toBe(409);
    expect(stale.body.message).toContain(etag.replaceAll('"', ''));
    expect((await put('c', { 'if-none-match': '*' })).status).toBe(409);
  });

  it('has near names when it is not found', async () => {
    await apply(SANDBOX);
    expect((await get('/sandboxes/QA-LOGIN-EROR')).body).toMatchObject({ code: 'not_found', message: expect.stringContaining('Did you mean "QA-LOGIN-ERROR"?') });
  });

  it('refuses a document of another name', async () => {
    expect((await world.call('PUT', '/sandboxes/other', { token, yaml: SANDBOX })).body.code).toBe('invalid_request');
  });

  it('is deleted in two steps when something of it runs, and keeps its history', async () => {
    await apply(SANDBOX);
    const gone = await world.call('DELETE', '/sandboxes/qa-login-error', { token });
    expect(gone.status).toBe(202);
    expect((await get('/sandboxes/qa-login-error/revisions')).body['items']).toHaveLength(2);
  });

  it('keeps others out while it is held, but not the holder', async () => {
    await apply(`${SANDBOX}hold: {by: eva, reason: demo at ten}\n`);
    const refused = await apply(SANDBOX.replace('feature/login-error', 'develop'));
    expect(refused.body).toMatchObject({ code: 'held', message: 'QA-LOGIN-ERROR is held by eva (demo at ten).' });
    expect((await post('/sandboxes/qa-login-error/services/account/restart')).body.code).toBe('held');
    expect((await world.call('DELETE', '/sandboxes/qa-login-error', { token })).body.code).toBe('held');
    token = await world.login('eva');
    expect((await apply(SANDBOX)).status).toBe(200);
  });
});

describe('actions', () => {
  beforeEach(async () => void (await apply(SANDBOX)));

  it('set a route: without a branch nothing is written and --branch is offered; with one both are, in one write', async () => {
    const put = (body: unknown): Promise<Answered> => world.call('PUT', '/sandboxes/QA-LOGIN-ERROR/routes/payment', { token, body });
    const refused = await put({ target: 'sandbox' });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'route_without_branch', hint: expect.stringContaining('sdp route set QA-LOGIN-ERROR payment sandbox --branch develop') });
    expect((await get('/routes/qa-login-error')).status).toBe(404);

    const done = await put({ target: 'sandbox', branch: 'develop' });
    expect(done.body).toMatchObject({ results: [{ kind: 'Sandbox', outcome: 'configured', plan: {} }, { kind: 'Route', outcome: 'created' }] });
    expect(await spec()).toMatchObject({ services: { payment: { branch: 'develop' } } });
    expect((await sandbox()).text).toContain('# under test');

    expect((await put({ target: 'ocp' })).body).toMatchObject({ results: [{ kind: 'Route', outcome: 'configured', changes: [{ after: 'ocp' }] }] });
    expect((await put({ target: 'file:///etc/passwd' })).status).toBe(422);
    expect((await world.call('PUT', '/sandboxes/QA-LOGIN-ERROR/routes/nothing', { token, body: { target: 'ocp' } })).body.code).toBe('unknown_service');
  });

  it('suspend, resume, stop and start change the spec, and the author\'s comments stay', async () => {
    await post('/sandboxes/qa-login-error/suspend');
    expect(await spec()).toMatchObject({ run: 'suspended' });
    await post('/sandboxes/qa-login-error/resume');
    expect(await spec()).not.toHaveProperty('run');
    await post('/sandboxes/qa-login-error/services/ACCOUNT/stop');
    expect(await spec()).toMatchObject({ services: { account: { run: 'stopped', branch: 'feature/login-error' } } });
    await post('/sandboxes/qa-login-error/services/account/start');
    const { text } = await sandbox();
    expect(text).toContain('# why this sandbox is here\nsandbox: QA-LOGIN-ERROR');
    expect(text).toContain('branch: feature/login-error # under test');
    expect((await post('/sandboxes/qa-login-error/services/gateway/stop')).body.code).toBe('invalid_request');
    expect((await post('/sandboxes/qa-login-error/services/nothing/stop')).body.code).toBe('not_found');
  });

  it('deploy raises the generation with an equal spec', async () => {
    expect((await post('/sandboxes/qa-login-error/deploy')).body).toMatchObject({ results: [{ outcome: 'configured', generation: 2, changes: [] }] });
    expect((await post('/sandboxes/qa-login-error/deploy', { services: ['payment'] })).body.code).toBe('route_without_branch');
  });

  it('roll back to the commits of a revision, also where only commits differ', async () => {
    await resolution(1, 'a'.repeat(40));
    await post('/sandboxes/qa-login-error/deploy');
    await resolution(2, 'b'.repeat(40));
    expect((await post('/sandboxes/qa-login-error/rollback', { revision: 1 })).body).toMatchObject({ results: [{ generation: 3 }] });
    const { uid } = (await sandbox()).document.metadata;
    expect((await world.store.resolutions(uid)).at(-1)).toMatchObject({ generation: 3, service: 'account', commit: 'a'.repeat(40) });
    expect((await post('/sandboxes/qa-login-error/rollback', { revision: 99 })).body.code).toBe('not_found');
  });

  it('clone with routes and commits under a free name', async () => {
    await resolution(1, 'a'.repeat(40));
    await apply('account: {target: ocp}\n', '?sandbox=QA-LOGIN-ERROR');
    expect((await post('/sandboxes/qa-login-error/clone', { name: 'COPY' })).status).toBe(201);
    const copy = (await sandbox('copy')).document;
    expect(copy.spec).toEqual((await sandbox()).document.spec);
    expect(await world.store.resolutions(copy.metadata.uid)).toMatchObject([{ commit: 'a'.repeat(40), generation: 1 }]);
    expect((await get('/routes/copy')).body).toMatchObject({ document: { spec: { routes: { account: { target: 'ocp' } } } } });
    expect((await post('/sandboxes/qa-login-error/clone', { name: 'copy' })).body.code).toBe('name_taken');
  });

  it('make a sandbox from a template, with its questions answered', async () => {
    await apply('template: ACC\nservices: {account: {branch: "{{branch}}"}}\nparameters: [{name: branch}]\n');
    expect((await post('/templates/ACC/clone', { name: 'T1' })).body).toMatchObject({ code: 'invalid_request', message: 'Template ACC: "branch" needs an answer.', findings: [{ path: 'parameters.branch' }] });
    expect((await post('/templates/ACC/clone', { name: 'T1', parameters: { brunch: 'x' } })).body.message).toContain('Did you mean "branch"?');
    expect((await post('/templates/ACC/clone', { name: 'T1', parameters: { branch: 'feature/x' } })).status).toBe(201);
    expect((await sandbox('T1')).document.spec).toMatchObject({ services: { account: { branch: 'feature/x' } }, template: { name: 'ACC', revision: 1 } });
  });

  it('leave an audit entry each, also when refused', async () => {
    await post('/sandboxes/qa-login-error/suspend');
    await post('/sandboxes/qa-login-error/services/gateway/stop');
    const { body } = await get('/audit?sandbox=qa-login-error');
    const items = body['items'] as { action: string; outcome: string; user: string }[];
    expect(items.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(expect.arrayContaining(['sandbox.suspend ok', 'service.stop refused']));
  });
});

describe('the API itself', () => {
  it('needs a login for everything but its meta paths', async () => {
    for (const path of ['/sandboxes', '/nodes', '/audit', '/whoami']) expect((await world.call('GET', path)).status).toBe(401);
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/schemas/sandbox.json']) {
      expect((await fetch(`${world.server.url}${path}`)).status).toBe(200);
    }
  });

  it('answers problems with an id and without a stack for what it did not expect', async () => {
    world.reconciler.routes = () => Promise.reject(new TypeError('secret inside'));
    await apply(SANDBOX);
    const answer = await get('/sandboxes/qa-login-error/routes');
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain('secret inside');
    const id = answer.headers.get('x-request-id') ?? '';
    expect(answer.body.message).toContain(id);
    expect(world.logged.join('')).toContain(id);
    expect((await get('/nothing')).body.code).toBe('not_found');
    expect((await get('/sandboxes/%E0%A4%A')).status).toBe(404);
  });
});
