import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SnapshotSpec } from '#schema/documents';
import { readFileText, writeFileText } from '#api/snapshots/file';

const PASSPHRASE = 'correct horse battery';

function snapshot(variables: Record<string, string>, secrets: readonly string[]): SnapshotSpec {
  return {
    takenAt: '2026-01-01T00:00:00Z',
    takenBy: 'ana',
    installation: 'test',
    storeVersion: 1,
    sandbox: { name: 'QA', uid: 'u', revision: 1, generation: 1, spec: { variables } },
    environments: [{ name: 'qa', uid: 'e', revision: 1, spec: { variables, secrets: Object.fromEntries(secrets.map((name) => [name, { version: 1 }])) } }],
    services: [],
    commits: [],
    images: [],
    unpinned: [],
  };
}

// A NUL is refused by the schema.
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r', '#', ':', '-', '"', "'", '\\', 'a', '\u0085', '\u2028', '|', '>', '~', '0') })).map((value) => value.replaceAll('\u0000', ''));

describe('the text of a snapshot', () => {
  it('brings every value back, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 6 }), async (values) => {
        const spec = snapshot(Object.fromEntries(values.map((value, index) => [`V${index}`, value])), []);
        expect(await readFileText(await writeFileText('s', spec, undefined), undefined)).toEqual({ name: 's', snapshot: spec, values: undefined });
      }),
      { numRuns: 300 },
    );
  });

  it('keeps secrets whatever they are called', async () => {
    const values = { qa: JSON.parse('{"__proto__": "one", "constructor": "two"}') as Record<string, string> };
    const spec = snapshot({}, Object.keys(values.qa));
    const read = await readFileText(await writeFileText('s', spec, { values, passphrase: PASSPHRASE }), PASSPHRASE);
    expect(Object.entries(read.values?.['qa'] ?? {})).toEqual([['__proto__', 'one'], ['constructor', 'two']]);
  });

  it('is refused when it unfolds by aliases', async () => {
    const bomb = 'a: &a [x,x]\nb: &b [*a,*a]\nformat: sdp-snapshot\nversion: 1\nchecksum: sha256:0\n';
    await expect(readFileText(bomb, undefined)).rejects.toMatchObject({ code: 'invalid_yaml' });
  });
});
