import { describe, expect, it } from 'vitest';
import { SdpError } from '#schema/errors';
import { parseDocuments } from '#schema/parse/parse-documents';

function mistakes(text: string, options = {}): string[] {
  try {
    parseDocuments(text, { file: 'f.yaml', ...options });
  } catch (thrown) {
    const error = SdpError.from(thrown);
    return error.findings.map((finding) => `${finding.line}:${finding.column} ${finding.path ?? ''} ${finding.message}`);
  }
  return [];
}

describe('short forms', () => {
  it('accepts a sandbox, and a map of routes after it as that sandbox\'s routes', () => {
    const [sandbox, route] = parseDocuments(
      '# why\nsandbox: QA-LOGIN-ERROR\nservices:\n  account:\n    branch: feature/login-error # here\n---\npayment:\n  target: OCP\n',
    );
    expect(sandbox?.draft).toEqual({
      apiVersion: 'sdp/v1',
      kind: 'Sandbox',
      metadata: { name: 'QA-LOGIN-ERROR' },
      spec: { services: { account: { branch: 'feature/login-error' } } },
    });
    expect(sandbox?.text).toContain('# why');
    expect(sandbox?.text).toContain('# here');
    expect(route?.draft).toMatchObject({ kind: 'Route', metadata: { name: 'QA-LOGIN-ERROR' }, spec: { routes: { payment: { target: 'ocp' } } } });
  });

  it('accepts a template with its gateway', () => {
    const [template] = parseDocuments('template: FULL\ngateway:\n  branch: develop\nservices:\n  account: {branch: develop}\n');
    expect(template?.draft).toMatchObject({ kind: 'Template', metadata: { name: 'FULL' }, spec: { gateway: { branch: 'develop' } } });
  });

  it('refuses a map of routes that belongs to no sandbox, and says how to name one', () => {
    expect(mistakes('account: {target: ocp}\n')[0]).toContain('--sandbox NAME');
    expect(mistakes('account: {target: ocp}\n', { sandbox: 'QA' })).toEqual([]);
  });
});

describe('mistakes', () => {
  it('names a tab, a duplicate key and an unknown field with line and column', () => {
    expect(mistakes('sandbox: QA\nservices:\n  account:\n\tbranch: x\n')[0]).toMatch(/^4:1 .*tab/);
    expect(mistakes('sandbox: QA\nservices: {}\nservices: {}\n')[0]).toMatch(/^3:1 .*twice/);
    expect(mistakes('sandbox: QA\nservices:\n  account:\n    brnch: x\n')).toEqual([
      '4:5 spec.services.account.brnch unknown field "brnch". Did you mean "branch"?',
    ]);
  });

  it('finds all mistakes at once, in the order of the text', () => {
    const found = mistakes(
      'sandbox: QA\nlimits: {cpu: "x", memory: 3G}\nservices:\n  pay: {branch: x, use_ocp: true}\n  gateway: {branch: x}\n  u: {use_ocp: false}\n',
    );
    expect(found.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      '2:15 spec.limits.cpu',
      '2:28 spec.limits.memory',
      '4:8 spec.services.pay',
      '5:3 spec.services.gateway',
      '6:16 spec.services.u.use_ocp',
    ]);
  });

  it('says which kinds exist', () => {
    expect(mistakes('apiVersion: sdp/v1\nkind: sandbox\nmetadata: {name: x}\nspec: {}\n')[0]).toContain('Did you mean "Sandbox"?');
    expect(mistakes('hello\n')[0]).toContain('not a document');
  });

  it('refuses an input without a document', () => {
    expect(() => parseDocuments('# nothing\n')).toThrow('no document');
  });

  it('never takes what SDP writes itself from a document', () => {
    const [parsed] = parseDocuments('apiVersion: sdp/v1\nkind: Sandbox\nmetadata: {name: x, uid: forged, slug: x, generation: 9}\nspec: {}\nstatus: {sync: Synced}\n');
    expect(parsed?.draft).toEqual({ apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'x' }, spec: {} });
  });
});
