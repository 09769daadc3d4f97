import fc from 'fast-check';
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { writeYaml } from '#schema/parse/write-yaml';

const signs = fc.constantFrom(' ', '\n', '\t', '\r', '#', ':', '-', '"', "'", '\\', 'a', '\u0000', '\u0007', '\u0085', '\u2028', '\ufeff', '|', '>', '~', '0', '%', '@', '{', ']', ',', '&', '*', '!', '?');
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: signs, maxLength: 12 }));

it('reads back as the very same value, whatever texts are in it, as keys too', () => {
  fc.assert(
    fc.property(text, text, (value, key) => {
      const written = { map: { [key]: value }, list: [value, { value }] };
      expect(parse(writeYaml(written).trimEnd())).toEqual(written);
    }),
    { numRuns: 2000 },
  );
});

it('keeps texts of several lines readable where nothing can be lost', () => {
  expect(writeYaml({ a: 'one\n  two\n' })).toBe('a: |\n  one\n    two\n');
  expect(writeYaml({ a: ' one\ntwo' })).toBe('a: " one\\ntwo"\n');
});
