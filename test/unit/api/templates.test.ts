/** Templates over HTTP: questions, sandboxes from them, and taking what a template has become. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE, World, type Answered } from './support/world.ts';

let world: World;
let token: string;

beforeAll(async () => {
  world = await new World().start();
  await world.onlineAgent();
  token = await world.login();
  await apply(CATALOGUE);
});
afterAll(() => world.remove());

const apply = (yaml: string): Promise<Answered> => world.call('POST', '/apply', { token, yaml });
const post = (path: string, body: unknown = {}): Promise<Answered> => world.call('POST', path, { token, body });
const get = (path: string): Promise<Answered> => world.call('GET', path, { token });
const specOf = async (name: string): Promise<unknown> => ((await get(`/sandboxes/${name}`)).body['document'] as { spec: unknown }).spec;
const messages = ({ body }: Answered): string[] => body.findings?.map(({ line, message }) => (line === undefined ? message : `${line}: ${message}`)) ?? [];

const TYPED = `template: TYPED
limits:
  cpu: '{{cpu}}'
  memory: '{{memory}}'
run: '{{run}}'
variables:
  GREETING: 'hello {{who}}, \\{{who}} in {sandbox}'
  RETRIES: '{{retries}}'
  VERBOSE: '{{verbose}}'
services:
  account: {branch: '{{branch}}'}
  payment: {branch: '{{payment}}'}
parameters:
  - {name: branch, type: branch, description: Branch of account, service: account}
  - {name: payment, type: branch, required: false}
  - {name: who, default: world, pattern: '[a-z]+', maxLength: 8}
  - {name: cpu, type: number, default: 0.5, minimum: 0.1, maximum: 4}
  - {name: memory, type: choice, choices: [128Mi, 256Mi], default: 128Mi}
  - {name: run, type: choice, choices: [active, suspended], default: active}
  - {name: retries, type: number, default: 3}
  - {name: verbose, type: boolean, default: false}
`;

describe('a template', () => {
  it('fills in texts, numbers and choices where they belong, and leaves out what stays open', async () => {
    expect((await apply(TYPED)).status).toBe(200);
    expect((await post('/templates/typed/clone', { name: 'T1', parameters: { branch: 'feature/x', cpu: '1.5', retries: 5 } })).status).toBe(201);
    expect(await specOf('T1')).toEqual({
      limits: { cpu: 1.5, memory: '128Mi' },
      run: 'active',
      variables: { GREETING: 'hello world, {{who}} in {sandbox}', RETRIES: '5', VERBOSE: 'false' },
      services: { account: { branch: 'feature/x' } },
      template: { name: 'TYPED', uid: expect.any(String), revision: 1, parameters: { branch: 'feature/x', cpu: '1.5', retries: 5 } },
    });
  });

  it('says all that is wrong with the answers at once', async () => {
    const refused = await post('/templates/TYPED/clone', { name: 'T2', parameters: { brnch: 'x', payment: '-bad', who: 'NOBODY', cpu: '9', memory: '64Mi', verbose: 'maybe', retries: 'x' } });
    expect(refused.status).toBe(400);
    expect(messages(refused)).toEqual([
      'there is no parameter "brnch". Did you mean "branch"?',
      '"branch" needs an answer: Branch of account.',
      '"payment" must be the name of a branch, not "-bad".',
      '"who" must match [a-z]+, which "NOBODY" does not.',
      '"cpu" must be at most 4, not 9.',
      '"memory" must be one of 128Mi, 256Mi, not "64Mi".',
      '"retries" must be a number, not "x".',
      '"verbose" must be true or false, not "maybe".',
    ]);
  });

  it('is refused with line and place where its questions are wrong', async () => {
    const refused = await apply(`template: WRONG
services: {account: {branch: '{{brunch}}'}}
parameters:
  - {name: branch, type: number, default: x}
  - {name: sandbox}
  - {name: pick, type: choice}
  - {name: pick, pattern: '('}
  - {name: n, minimum: 3}
`);
    expect(messages(refused)).toEqual([
      '2: there is no parameter "brunch" for {{brunch}}. Did you mean "branch"? Where the braces are meant as they are, write \\{{.',
      '4: the default of "branch" must be a number, not "x".',
      '5: a parameter cannot be called "sandbox": {sandbox} means something else in values.',
      '6: the choice "pick" has no "choices".',
      '7: there are two parameters "pick".',
      '7: the pattern of "pick" is not a regular expression.',
      '8: "n" is a string: only a number has a "minimum".',
    ]);
  });

  it('is refused where an answer makes no sandbox, and where braces have no quotes', async () => {
    const refused = await apply(`template: WRONG\nservices: {account: {branch: x}}\nlimits:\n  memory: '{{m}}'\nparameters:\n  - {name: m, type: choice, choices: [1Gi, lots], default: 1Gi}\n`);
    expect(messages(refused)[0]).toMatch(/^4: the sandbox that it makes with m = "lots": "lots" is not accepted\./);
    expect(messages(await apply('template: WRONG\nservices:\n  account:\n    branch: {{b}}\nparameters: [{name: b}]\n'))).toEqual([
      '4: is a placeholder without quotes, which YAML takes for a map: write "{{name}}" in quotes.',
    ]);
  });

  it('warns of a question that nothing uses', async () => {
    const answer = await apply('template: UNUSED\nservices: {account: {branch: develop}}\nparameters: [{name: idle, default: x}]\n');
    expect(answer.body['results']).toMatchObject([{ warnings: ['No text uses the parameter "idle".'] }]);
  });

  it('cannot stop the server by a pattern that takes for ever', async () => {
    await apply("template: SLOW\nservices: {account: {branch: '{{b}}'}}\nparameters: [{name: b, pattern: '(a+)+b'}]\n");
    const refused = await post('/templates/SLOW/clone', { name: 'S', parameters: { b: 'a'.repeat(40) } });
    expect(messages(refused)[0]).toContain('its pattern takes too long');
  });
});

describe('a sandbox of a template', () => {
  const template = (account: string, more = ''): string =>
    `template: BASE\nservices:\n  account: {branch: ${account}}\n${more}variables: {LEVEL: '{{level}}'}\nparameters: [{name: level, default: info}]\n`;

  it('learns that it has moved on, sees what that means, and takes it with its own changes kept', async () => {
    await apply(template('develop'));
    await post('/templates/BASE/clone', { name: 'B1', parameters: { level: 'debug' } });
    expect((await get('/sandboxes/B1/template')).body).toMatchObject({ name: 'BASE', revision: 1, moved: false, gone: false, changes: [] });
    await apply('sandbox: B1\nservices:\n  account: {branch: develop, run: stopped}\nvariables: {LEVEL: debug, OWN: mine}\ntemplate: {name: BASE, revision: 1, parameters: {level: debug}}\n');
    await apply(template('main', '  payment: {branch: develop}\n'));
    const { body } = await get('/sandboxes/b1/template');
    expect(body).toMatchObject({
      moved: true,
      newest: { revision: 2, by: 'achmad' },
      conflicts: [],
      changes: [
        { path: 'spec.services.account.branch', before: 'develop', after: 'main' },
        { path: 'spec.services.payment.branch', after: 'develop' },
      ],
    });
    expect((await post('/sandboxes/B1/template?dryRun=true')).body).toMatchObject({ dryRun: true, results: [{ outcome: 'configured', plan: {} }] });
    expect((await post('/sandboxes/B1/template')).status).toBe(200);
    expect(await specOf('B1')).toMatchObject({
      services: { account: { branch: 'main', run: 'stopped' }, payment: { branch: 'develop' } },
      variables: { LEVEL: 'debug', OWN: 'mine' },
      template: { revision: 2, uid: expect.any(String), parameters: { level: 'debug' } },
    });
    expect((await get('/sandboxes/B1/template')).body).toMatchObject({ moved: false });
  });

  it('keeps its own where both changed one thing, says so, and takes the template\'s when asked to', async () => {
    const sandbox = (source: string): string => `sandbox: B1\nservices:\n  account: {${source}}\n  payment: {branch: develop}\nvariables: {LEVEL: debug}\ntemplate: {name: BASE, revision: 2, parameters: {level: debug}}\n`;
    await apply(sandbox('use_ocp: true'));
    await apply(template('release', '  payment: {branch: develop}\n'));
    expect((await get('/sandboxes/B1/template')).body).toMatchObject({
      changes: [],
      conflicts: [{ path: 'spec.services.account', before: { use_ocp: true }, after: { branch: 'release' } }],
    });
    await post('/sandboxes/B1/template');
    expect(await specOf('B1')).toMatchObject({ services: { account: { use_ocp: true } }, template: { revision: 3 } });
    await apply(sandbox('use_ocp: true'));
    await post('/sandboxes/B1/template', { takeTemplate: true });
    expect(await specOf('B1')).toMatchObject({ services: { account: { branch: 'release' } } });
  });

  it('is told of a new question before it takes it, and stays as it is when the template goes', async () => {
    await apply("template: BASE\nservices: {account: {branch: '{{b}}'}}\nparameters: [{name: b, description: Which branch}]\n");
    expect((await get('/sandboxes/B1/template')).body).toMatchObject({ moved: true, problem: '"b" needs an answer: Which branch.' });
    expect((await post('/sandboxes/B1/template')).body).toMatchObject({ code: 'invalid_request', findings: [{ path: 'parameters.b' }] });
    expect((await post('/sandboxes/B1/template', { parameters: { b: 'x' } })).status).toBe(200);
    expect(await specOf('B1')).toMatchObject({ services: { account: { branch: 'x' } }, template: { parameters: { b: 'x' } } });
    const before = await specOf('B1');
    await world.call('DELETE', '/templates/BASE', { token });
    expect((await get('/sandboxes/B1/template')).body).toMatchObject({ gone: true, moved: false });
    expect(await specOf('B1')).toEqual(before);
    expect((await post('/sandboxes/B1/template')).body.message).toBe('The template BASE that B1 was made from is gone.');
    await apply(template('develop'));
    expect((await get('/sandboxes/B1/template')).body).toMatchObject({ gone: true });
  });

  it('that was made from none says so', async () => {
    await apply('sandbox: ALONE\nservices: {account: {branch: x}}\n');
    expect((await get('/sandboxes/ALONE/template')).body).toMatchObject({ code: 'not_found', message: 'ALONE was not made from a template.' });
  });
});
