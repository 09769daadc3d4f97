import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { SandboxSpec, ServiceSpec, UpstreamsFile } from '#schema/documents';
import type { PlanView } from '#schema/http';
import type { ContainerSpec } from '#schema/wire/commands';
import { desiredHash } from '#reconciler/desired/hash';
import { peersOf } from '#reconciler/upstreams/peers';
import { clashOf, renderUpstreams } from '#reconciler/upstreams/render';
import { freshWorlds, type TestWorld } from './support/world.ts';

const PEERS = peersOf([
  ['payment', { name: 'Payment', spec: { urlVariable: 'PAY_API' } }],
  ['gateway', { name: 'gateway', spec: {} }],
  ['account', { name: 'account', spec: {} }],
]);
const URLS = { account: 'http://account.sdp:7080', payment: 'http://payment.sdp:7080' };
const VARIABLES = { services: PEERS, sandbox: 'qa', service: 'gateway' };
const made = (how: Pick<UpstreamsFile, 'format' | 'template'>, services = PEERS): string =>
  renderUpstreams({ path: '/f', ...how }, { ...VARIABLES, services });

describe('a file of upstreams', () => {
  it('is a map of service to stable URL in JSON and YAML, whatever a service is called', () => {
    expect(JSON.parse(made({ format: 'json' }))).toEqual(URLS);
    expect(parse(made({ format: 'yaml' }))).toEqual(URLS);
    const odd = peersOf(['on', 'null', '123', 'y', 'a-b'].map((name) => [name, { name, spec: {} }] as const));
    for (const version of ['1.1', '1.2'] as const) {
      const keys = [...(parse(made({ format: 'yaml' }, odd), { version, mapAsMap: true }) as Map<unknown, unknown>).keys()];
      expect(keys).toEqual(['123', 'a-b', 'null', 'on', 'y']);
    }
  });

  it('has the names that peers are told their addresses by, in env', () => {
    expect(made({ format: 'env' }).split('\n').slice(1)).toEqual([`ACCOUNT_URL=${URLS.account}`, `PAY_API=${URLS.payment}`, '']);
  });

  it('is a PHP file that returns an array', () => {
    expect(made({ format: 'php' })).toMatch(
      /^<\?php\n.*\nreturn \[\n {4}'account' => 'http:\/\/account\.sdp:7080',\n {4}'payment' => 'http:\/\/payment\.sdp:7080',\n\];\n$/,
    );
  });

  it('has one upstream block per service, in nginx', () => {
    expect(made({ format: 'nginx' })).toContain('upstream account {\n    server account.sdp:7080;\n}\nupstream payment {\n    server payment.sdp:7080;\n}\n');
  });

  it('is well-formed also with an empty catalogue', () => {
    expect(JSON.parse(made({ format: 'json' }, []))).toEqual({});
    expect(parse(made({ format: 'yaml' }, []))).toEqual({});
    expect(made({ format: 'php' }, [])).toContain('return [\n];');
    expect(made({ format: 'nginx' }, [])).not.toContain('{\n');
  });

  it('is the operator\'s own form from a template', () => {
    const template = '{% for s in services %}{{ s.name }}|{{ s.slug }}|{{ s.variable }}|{{ s.host }}:{{ s.port }}\n{% endfor %}{{ sandbox }}/{{ service }}';
    expect(made({ template })).toBe('account|account|ACCOUNT_URL|account.sdp:7080\nPayment|payment|PAY_API|payment.sdp:7080\nqa/gateway');
  });

  it.each([
    ['a\n{{ servies }}', 'line 2, column 4 of the template: undefined variable: servies.', 'It knows services'],
    ['{% for s in services %}{{ s.link }}{% endfor %}', 'line 1, column 27 of the template: undefined variable: s.link.', 'url, host, port'],
    ['{{ sandbox | shout }}', 'line 1, column 1 of the template: undefined filter: shout.', 'Liquid'],
    ['{% for s in services %}', 'not closed', 'endfor'],
    ['{% render "/etc/passwd" %}', 'asks for the file "/etc/passwd", but a template stands alone', 'into the template'],
    ['{% include "x" %}', 'stands alone', 'into the template'],
    ['{{ services.constructor.name }}', 'undefined variable', 'It knows services'],
    ['{% for i in (1..99999999) %}x{% endfor %}', 'it takes too much memory', 'Loop over services only'],
    // Which limit comes first is the machine's matter.
    ['{% for i in (1..1000000) %}{% for j in (1..1000000) %}{% endfor %}{% endfor %}', 'it takes ', 'Loop over services only'],
  ])('is refused with line and what to do: %s', (template, message, hint) => {
    expect(() => made({ template })).toThrow(
      expect.objectContaining({ code: 'invalid_document', message: expect.stringContaining(message) as string, hint: expect.stringContaining(hint) as string }),
    );
  });

  it('clashes with the same path and with one above or below it', () => {
    expect(clashOf('/app/up.json', ['/app/other', '/app/up.json'])).toBe('/app/up.json');
    expect(clashOf('/app/conf/up.json', ['/app/conf'])).toBe('/app/conf');
    expect(clashOf('/app/conf', ['/app/conf/up.json'])).toBe('/app/conf/up.json');
    expect(clashOf('/app/conf', ['/app/configuration'])).toBeUndefined();
  });

  it('counts for the desired hash by how it is made; without one the hash is what it always was (invariant 14)', () => {
    const service = { variables: {}, files: {}, limits: {}, port: 8080, health: undefined };
    const commit = '0123456789abcdef0123456789abcdef01234567';
    const hash = (file?: UpstreamsFile, content = ''): string =>
      desiredHash(commit, 'build-1', { ...service, ...(file === undefined ? {} : { upstreams: { file, content } }) });
    expect(hash()).toBe('v1:250a247468e682b14c3b81398aec0eb23a4d451e7c6be3a0af9a9a2d298baafe');
    const json: UpstreamsFile = { path: '/f', format: 'json' };
    expect(hash(json)).toBe('v1:8918d24b9399a0486c98f701a5362a9ebc22caf7ed9237a1f8194e72731c1008');
    expect(hash(json, 'other content')).toBe(hash(json));
    const all = [hash(), hash(json), hash({ path: '/g', format: 'json' }), hash({ path: '/f', format: 'yaml' }), hash({ path: '/f', template: 'x' })];
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('a sandbox whose gateway reads a file of upstreams', () => {
  let world: TestWorld;
  freshWorlds((made) => (world = made));

  const PATH = '/app/config/upstreams.json';
  const service = (name: string, spec: Partial<ServiceSpec> = {}): void =>
    void world.store.put({ apiVersion: 'sdp/v1', kind: 'Service', metadata: { name }, spec: { baseline: `https://${name}.example.com`, ...spec } });
  const preview = (spec: SandboxSpec): Promise<PlanView> =>
    world.reconciler.preview([{ apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'QA' }, spec }], 'qa', 'ada');
  const specOf = (name: string): ContainerSpec | undefined =>
    world.fleet.sent.flatMap(({ command }) => (command.type === 'run' && command.service === name ? [command.container] : [])).at(-1);

  const fileOf = (name: string): string => String(specOf(name)?.files[PATH]);

  it('gets it from the catalogue entry `gateway`; a new catalogue entry replaces nothing', async () => {
    service('gateway', { upstreamsFile: { path: PATH, format: 'json' } });
    world.apply('QA', {});
    await world.up();
    expect(JSON.parse(fileOf('gateway'))).toMatchObject({ account: URLS.account, user: 'http://user.sdp:7080' });
    const { id } = world.container('QA', 'gateway') ?? {};
    service('ledger');
    await world.pass(60_000);
    expect(world.container('QA', 'gateway')?.id).toBe(id);
    service('gateway', { upstreamsFile: { path: PATH, format: 'yaml' } });
    await world.pass(60_000);
    expect(world.container('QA', 'gateway')?.id).not.toBe(id);
    expect(parse(fileOf('gateway'))).toHaveProperty('ledger');
  });

  it('says it itself where it runs another gateway than the others', async () => {
    service('gateway', { upstreamsFile: { path: PATH, format: 'json' } });
    world.apply('QA', { gateway: { upstreamsFile: { path: '/etc/up.conf', template: '{{ sandbox }} {{ service }}' } } });
    await world.up();
    expect(specOf('gateway')?.files).toEqual({ '/etc/up.conf': 'qa gateway' });
  });

  it('has a plan that names both when a file of an environment is at the same place', async () => {
    world.store.put({ apiVersion: 'sdp/v1', kind: 'Environment', metadata: { name: 'Flags' }, spec: { files: { [PATH]: '{}' } } });
    await world.up();
    const plan = await preview({ gateway: { environments: ['Flags'], upstreamsFile: { path: PATH, format: 'json' } } });
    expect(plan.blocked).toMatchObject([{ service: 'gateway', code: 'invalid_document' }]);
    expect(plan.blocked[0]?.reason).toMatch(/upstreamsFile.*environment Flags/);
    expect(plan.steps.map((step) => step.action)).not.toContain('create');
  });

  it('keeps running when its template does not render any more, and says why', async () => {
    const template = '{% for s in services %}{% if s.variable == "ODD" %}{{ odd }}{% endif %}{% endfor %}fine';
    service('gateway', { upstreamsFile: { path: PATH, template } });
    world.apply('QA', {});
    await world.up();
    const { id } = world.container('QA', 'gateway') ?? {};
    expect(specOf('gateway')?.files[PATH]).toBe('fine');
    service('zeta', { urlVariable: 'ODD' });
    world.apply('QA', { description: 'changed' });
    await world.pass(60_000);
    expect(world.container('QA', 'gateway')).toMatchObject({ id, state: 'running' });
    expect((await preview({ description: 'changed' })).blocked[0]?.reason).toContain('of the template: undefined variable: odd');
  });
});
