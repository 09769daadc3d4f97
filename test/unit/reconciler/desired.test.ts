import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredDocument } from '#schema/documents';
import type { Resolution } from '#schema/records';
import { canonicalJson } from '../../../reconciler/canonical.ts';
import { deployDraft, requestRow } from '../../../reconciler/deploy-request.ts';
import { desiredHash } from '../../../reconciler/desired/hash.ts';
import { memoryBytes } from '../../../reconciler/desired/memory.ts';
import { resolveSource } from '../../../reconciler/desired/resolution.ts';
import { sharedStateWarnings } from '../../../reconciler/desired/shared-state.ts';
import { layerVariables, originWords } from '../../../reconciler/desired/variables.ts';

const SERVICE = {
  variables: {
    B: { kind: 'plain' as const, value: '2' },
    A: { kind: 'plain' as const, value: '$x "quoted"' },
    TOKEN: { kind: 'secret' as const, environmentUid: 'env-1', name: 'TOKEN', version: 3 },
  },
  files: { '/etc/app.yaml': 'a: 1\n' },
  limits: { cpu: 0.5, memoryBytes: 268_435_456 },
  port: 8080,
  health: '/health',
};
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

describe('desired hash', () => {
  it('is what it was in the first release: another value would replace every container (invariant 14)', () => {
    expect(desiredHash(COMMIT, 'build-1', SERVICE)).toBe(
      'v1:5e8b500458ec95e061df9b2b67268bd0e00d976d85f1792dbb6ebbe3d4df4564',
    );
    expect(
      desiredHash(COMMIT, 'build-1', { variables: {}, files: {}, limits: {}, port: 8080, health: undefined }),
    ).toBe('v1:250a247468e682b14c3b81398aec0eb23a4d451e7c6be3a0af9a9a2d298baafe');
  });

  it('does not depend on the order of writing', () => {
    const { A, B, TOKEN } = SERVICE.variables;
    expect(desiredHash(COMMIT, 'build-1', { ...SERVICE, variables: { TOKEN, A, B } })).toBe(
      desiredHash(COMMIT, 'build-1', SERVICE),
    );
  });

  it('changes with every listed field', () => {
    const base = desiredHash(COMMIT, 'build-1', SERVICE);
    const others = [
      desiredHash('f'.repeat(40), 'build-1', SERVICE),
      desiredHash(COMMIT, 'build-2', SERVICE),
      desiredHash(COMMIT, 'build-1', { ...SERVICE, port: 8081 }),
      desiredHash(COMMIT, 'build-1', { ...SERVICE, health: undefined }),
      desiredHash(COMMIT, 'build-1', { ...SERVICE, limits: { cpu: 0.5 } }),
      desiredHash(COMMIT, 'build-1', { ...SERVICE, files: {} }),
      desiredHash(COMMIT, 'build-1', {
        ...SERVICE,
        variables: { ...SERVICE.variables, A: { kind: 'plain', value: '' } },
      }),
      desiredHash(COMMIT, 'build-1', {
        ...SERVICE,
        variables: { ...SERVICE.variables, TOKEN: { ...SERVICE.variables.TOKEN, version: 4 } },
      }),
    ];
    expect(new Set([base, ...others]).size).toBe(others.length + 1);
  });

  it('rests on a text that is equal exactly for equal values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(value)).toBe(canonicalJson(JSON.parse(JSON.stringify(value))));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

function environment(name: string, spec: StoredDocument<'Environment'>['spec']): StoredDocument<'Environment'> {
  return {
    apiVersion: 'sdp/v1',
    kind: 'Environment',
    metadata: { name, slug: name, uid: `uid-${name}` } as never,
    spec,
  };
}

describe('variables', () => {
  const names = { sandbox: 'qa', service: 'account' };
  const none = { baseline: [], sandbox: [], service: [], own: [undefined, undefined] as const };
  const environments = new Map([
    [
      'base',
      environment('base', { variables: { DB_HOST: 'shared', LEVEL: '1', TOKEN: 'open' }, files: { '/a': 'base' } }),
    ],
    ['qa', environment('qa', { variables: { LEVEL: '2' }, secrets: { TOKEN: { version: 7 } }, files: { '/a': 'qa' } })],
  ]);

  it('let the later layer win: catalogue, sandbox and service environments, sandbox and service variables', () => {
    const result = layerVariables(
      { baseline: ['base'], sandbox: ['QA'], service: [], own: [{ LEVEL: '3', X: '1' }, { X: '2' }] },
      environments,
      names,
    );
    expect(result.variables).toEqual({
      DB_HOST: { kind: 'plain', value: 'shared' },
      LEVEL: { kind: 'plain', value: '3' },
      TOKEN: { kind: 'secret', environmentUid: 'uid-qa', name: 'TOKEN', version: 7 },
      X: { kind: 'plain', value: '2' },
    });
    expect(result.files).toEqual({ '/a': 'qa' });
    expect(result.given.get('LEVEL')?.map(({ origin, value }) => [originWords(origin, 'account'), value])).toEqual([
      ['environment base, a default of account', { kind: 'plain', value: '1' }],
      ['environment qa of the sandbox', { kind: 'plain', value: '2' }],
      ['variables of the sandbox', { kind: 'plain', value: '3' }],
    ]);
  });

  it('put the names in for {sandbox} and {service} and leave $ and quotes alone (FM 47)', () => {
    const result = layerVariables(
      { ...none, own: [{ GROUP: '{sandbox}-{service}-$HOME "x" {other}' }, undefined] },
      environments,
      names,
    );
    expect(result.variables['GROUP']).toEqual({ kind: 'plain', value: 'qa-account-$HOME "x" {other}' });
  });

  it('name a missing environment and a value that is too long', () => {
    expect(layerVariables({ ...none, service: ['nope'] }, environments, names).problem?.code).toBe(
      'unknown_environment',
    );
    const long = layerVariables(
      { ...none, own: [{ A: 'x'.repeat(120 * 1024 + 1) }, undefined] },
      environments,
      names,
    );
    expect(long.problem).toMatchObject({ code: 'value_too_large', reason: expect.stringContaining('The variable A of account (from variables of the sandbox)') });
  });

  it('say when all together are more than Linux takes, in UTF-8', () => {
    const value = 'ä'.repeat(60 * 1024);
    const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, value]));
    expect(layerVariables({ ...none, own: [many(15), undefined] }, environments, names).problem).toBeUndefined();
    expect(layerVariables({ ...none, own: [many(16), undefined] }, environments, names).problem).toMatchObject({
      code: 'value_too_large',
      reason: expect.stringContaining('take 1921 KiB together; Linux starts no process with more than 2 MiB'),
    });
  });

  it('warn of state that others use: kept, repeated, or set by nobody (A7)', () => {
    const warnings = (own: Record<string, string>, sandbox: string[] = []): string[] => {
      const layered = layerVariables({ baseline: ['base'], sandbox, service: [], own: [own, undefined] }, environments, names);
      return sharedStateWarnings('account', ['DB_HOST', 'KAFKA_GROUP'], layered);
    };
    expect(warnings({})).toEqual([
      "account keeps OCP's value of DB_HOST (from environment base, a default of account): it works on state that others use; set DB_HOST in the sandbox's variables or environments.",
      "account gets no KAFKA_GROUP from any environment, so what is built into it counts, which may lead to state that others use; set KAFKA_GROUP in the sandbox's variables or environments.",
    ]);
    expect(warnings({ DB_HOST: 'own-{sandbox}', KAFKA_GROUP: '{sandbox}' })).toEqual([]);
    const again = expect.stringContaining("but with OCP's own value");
    expect(warnings({ DB_HOST: 'shared', KAFKA_GROUP: 'x' })).toEqual([again]);
    expect(warnings({ KAFKA_GROUP: 'x' }, ['base'])).toEqual([again]);
  });

  it('read memory sizes', () => {
    expect([memoryBytes('256Mi'), memoryBytes('1Gi'), memoryBytes('2Ki'), memoryBytes('3')]).toEqual([
      268_435_456,
      1_073_741_824,
      2_048,
      undefined,
    ]);
  });
});

describe('resolution', () => {
  const row = (generation: number, branch: string, commit: string, repository = 'account'): Resolution => ({
    sandboxUid: 'u',
    generation,
    service: 'account',
    repository,
    branch,
    commit,
    subject: '',
    author: '',
    authoredAt: '',
    resolvedAt: '',
    resolvedBy: 'ada',
  });
  const request = (generation: number, by: string): Resolution => ({
    ...requestRow('account'),
    sandboxUid: 'u',
    generation,
    resolvedAt: '',
    resolvedBy: by,
  });
  const wanted = { service: 'account', repository: 'account', branch: 'develop' };

  it('is fetched when there is none', () => {
    expect(resolveSource(wanted, [], 'ada')).toMatchObject({ kind: 'fetch', askedBy: 'ada', since: 0 });
  });
  it('stays when other things of the sandbox change', () => {
    expect(resolveSource(wanted, [row(1, 'develop', 'c1')], 'bob')).toMatchObject({ kind: 'commit', commit: 'c1' });
  });
  it('is fetched when the branch or the repository changed, also back', () => {
    expect(resolveSource(wanted, [row(1, 'develop', 'c1'), row(2, 'feature', 'c2')], 'ada').kind).toBe('fetch');
    expect(resolveSource({ ...wanted, repository: 'fork' }, [row(1, 'develop', 'c1')], 'ada')).toMatchObject({
      kind: 'fetch',
      former: undefined,
    });
  });
  it('is fetched when somebody asked later, on behalf of that person', () => {
    expect(resolveSource(wanted, [row(1, 'develop', 'c1'), request(2, 'bob')], 'ada')).toMatchObject({
      kind: 'fetch',
      askedBy: 'bob',
      since: 2,
      former: { commit: 'c1' },
    });
    expect(
      resolveSource(wanted, [row(1, 'develop', 'c1'), request(2, 'bob'), row(2, 'develop', 'c2')], 'ada'),
    ).toMatchObject({ commit: 'c2' });
  });
  it('of a rollback is the one that the rollback carried', () => {
    expect(
      resolveSource(
        wanted,
        [row(1, 'develop', 'c1'), request(2, 'b'), row(2, 'develop', 'c2'), row(3, 'develop', 'c1')],
        'a',
      ),
    ).toMatchObject({ commit: 'c1' });
  });
});

describe('deploy', () => {
  const document = {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: { name: 'QA', slug: 'qa', uid: 'u', resourceVersion: 5 },
    spec: { services: { Account: { branch: 'develop' }, payment: { use_ocp: true } } },
  } as unknown as StoredDocument<'Sandbox'>;

  it('asks for every service with a branch and the gateway, with an equal spec', () => {
    const write = deployDraft(document);
    expect(write.bump).toBe(true);
    expect(write.draft.spec).toEqual(document.spec);
    expect(write.draft.metadata.resourceVersion).toBe(5);
    expect(write.resolutions?.map((item) => item.service)).toEqual(['deploy:account', 'deploy:gateway']);
  });
  it('refuses a service that does not run here', () => {
    expect(() => deployDraft(document, ['payment'])).toThrow(/payment has no branch/);
  });
});
