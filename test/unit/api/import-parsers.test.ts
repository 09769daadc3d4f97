import { describe, expect, it } from 'vitest';
import { SdpError } from '#schema/errors';
import { parseDotenv } from '#api/environments/dotenv';
import { importInto, type ImportOptions } from '#api/environments/import-into';
import { parseOpenshift } from '#api/environments/openshift';

const values = (text: string): Record<string, string> =>
  Object.fromEntries(parseDotenv(text, 'app.env').items.map(({ key, value }) => [key, value.toString()]));

function refusal(run: () => unknown): SdpError {
  try {
    run();
  } catch (error) {
    if (error instanceof SdpError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

const OPTIONS: ImportOptions = { secrets: [], allSecrets: false, filesTo: undefined, rename: {}, skip: [] };

describe('a .env file', () => {
  it('is read by the documented rules, and $ is never expanded', () => {
    expect(
      values(
        [
          '\uFEFF# comment',
          'export A=1',
          ' B = two words  # comment',
          'C=a#b',
          'D=',
          "E='it is $HOME \\n'",
          'F="line\\nnext \\"q\\" \\$x \\q ${A}"',
          'G="two',
          'lines" # after',
          'H=`"both\' kinds`',
          'I=http://x/?a=b&c=d',
          "J='  spaces  '",
          'K=grüße 🚀',
          'L=C:\\path',
        ].join('\r\n'),
      ),
    ).toEqual({
      A: '1', B: 'two words', C: 'a#b', D: '', E: 'it is $HOME \\n', F: 'line\nnext "q" $x \\q ${A}', G: 'two\nlines', H: '"both\' kinds',
      I: 'http://x/?a=b&c=d', J: '  spaces  ', K: 'grüße 🚀', L: 'C:\\path',
    });
  });

  it('names every line that it cannot read, and repeats no value', () => {
    const { findings } = refusal(() => parseDotenv('A=1\nPASSWORD\n1X=hunter2\nB="x" hunter2\nC="one\ntwo" hunter2\nD="hunter2\n', 'app.env'));
    expect(findings.map(({ file, line, message }) => `${file}:${line}: ${message}`)).toEqual([
      'app.env:2: is not of the form NAME=value.',
      'app.env:3: what is before "=" cannot name a variable: letters, digits and "_", and no digit first.',
      'app.env:4: there is something after the closing " of B: only a comment may follow.',
      'app.env:5: there is something after the closing " of C: only a comment may follow.',
      'app.env:6: is not of the form NAME=value.',
      'app.env:7: the value of D begins with " and has no " at its end.',
    ]);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  it('lets the last of two lines count, says so, and counts lines over values of several lines', () => {
    const { items, notes } = parseDotenv('A=1\nB="x\ny"\nA=2\n', undefined);
    expect(items.map(({ key, value, position }) => [key, value.toString(), position.line])).toEqual([['A', '2', 4], ['B', 'x\ny', 2]]);
    expect(notes).toEqual(['A is there twice; line 4 counts, not line 1.']);
  });
});

const LIST = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: payment}
  data:
    DB_HOST: db.ocp
    app.properties: |
      a=1
  binaryData:
    logo.png: iVBORw0KGgo=
- apiVersion: v1
  kind: Secret
  metadata: {name: payment-db}
  type: Opaque
  data:
    DB_PASSWORD: aHVudGVyMi1odW50ZXIy
  stringData:
    TOKEN: open
- {apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt}, data: {ca.crt: x}}
- {apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: builder-token}, data: {token: eA==}}
- {apiVersion: v1, kind: Route, metadata: {name: web}}
`;

describe('ConfigMaps and Secrets', () => {
  it('of a List become variables, secrets and files, each with where it comes from', () => {
    const { spec, taken, notes } = importInto({}, parseOpenshift(LIST, 'all.yaml', []), { ...OPTIONS, filesTo: '/app/config/' });
    expect(spec).toEqual({
      variables: { DB_HOST: 'db.ocp' },
      secrets: { DB_PASSWORD: 'hunter2-hunter2', TOKEN: 'open' },
      files: { '/app/config/app.properties': 'a=1\n', '/app/config/logo.png': { base64: 'iVBORw0KGgo=' } },
    });
    expect(taken.find(({ name }) => name === 'DB_PASSWORD')).toMatchObject({ from: 'secret/payment-db (all.yaml:18)', source: 'secret/payment-db' });
    expect(notes).toEqual([
      'configmap/kube-root-ca.crt is left out: OpenShift made it for itself. --only configmap/kube-root-ca.crt takes it all the same.',
      'secret/builder-token is left out: OpenShift made it for itself. --only secret/builder-token takes it all the same.',
      'route/web is left out: only ConfigMaps and Secrets are taken.',
    ]);
  });

  it('say which keys fit nowhere, and never make a file of a secret', () => {
    const text = `${LIST}---\nkind: Secret\nmetadata: {name: tls}\ndata:\n  tls.key: aHVudGVyMg==\n`;
    const { findings } = refusal(() => importInto({}, parseOpenshift(text, 'all.yaml', []), OPTIONS));
    expect(findings.map(({ line }) => line)).toEqual([9, 12, 28]);
    expect(findings[0]?.message).toContain('--files-to FOLDER');
    expect(findings[2]?.message).toContain('files are no place for secrets');
    const { spec } = importInto({}, parseOpenshift(text, 'all.yaml', ['secret/tls']), { ...OPTIONS, rename: { 'tls.key': 'TLS_KEY' } });
    expect(spec).toEqual({ secrets: { TLS_KEY: 'hunter2' } });
  });

  it('name the line of what is no text, no base64, and the object that is not there', () => {
    const text = 'kind: ConfigMap\nmetadata: {name: c}\ndata:\n  PORT: 8080\n---\nkind: Secret\nmetadata: {name: s}\ndata:\n  A: hunter2!\n';
    const { findings } = refusal(() => parseOpenshift(text, 'c.yaml', []));
    expect(findings.map(({ line, message }) => `${line}: ${message}`)).toEqual([
      '4: "PORT" of configmap/c must be text: put it in quotes.',
      '9: "A" of secret/s is not base64.',
    ]);
    expect(refusal(() => parseOpenshift(LIST, undefined, ['secret/nope']))).toMatchObject({ code: 'not_found', hint: expect.stringContaining('configmap/payment') });
  });

  it('with two values for one name have to be chosen from', () => {
    const text = 'kind: ConfigMap\nmetadata: {name: a}\ndata: {X: "1"}\n---\nkind: ConfigMap\nmetadata: {name: b}\ndata: {X: "2"}\n';
    expect(refusal(() => importInto({}, parseOpenshift(text, undefined, []), OPTIONS)).message).toContain('with different values: take one with --only');
    expect(importInto({}, parseOpenshift(text, undefined, ['ConfigMap/b']), OPTIONS).spec).toEqual({ variables: { X: '2' } });
  });
});

it('a secret never becomes a variable again, and everything else of the environment stays', () => {
  const before = { variables: { KEEP: '1', OLD: 'x' }, secrets: { TOKEN: { version: 3 } }, files: { '/a': 'b' } };
  const { spec, notes } = importInto(before, parseDotenv('TOKEN=new\nOLD=y\nNEW=z', 'a.env'), { ...OPTIONS, secrets: ['OLD'] });
  expect(spec).toEqual({ variables: { KEEP: '1', NEW: 'z' }, secrets: { TOKEN: 'new', OLD: 'y' }, files: { '/a': 'b' } });
  expect(notes).toEqual(['TOKEN is a secret already and stays one.']);
  expect(refusal(() => importInto({}, parseDotenv('A=1', undefined), { ...OPTIONS, secrets: ['B'] })).message).toContain('There is no "B"');
});
