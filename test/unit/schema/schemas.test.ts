import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { KINDS } from '#schema/documents';
import { schemaErrors, SCHEMAS } from '#schema/parse/validator';
import { slugOf } from '#schema/names';

describe('schemas', () => {
  it.each(KINDS)('%s accepts its own examples', (kind) => {
    const { examples } = SCHEMAS[kind] as { examples: unknown[] };
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(schemaErrors(kind, example)).toEqual([]);
  });

  it.each(KINDS)('%s describes every property', (kind) => {
    const undescribed: string[] = [];
    const visit = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return;
      const { properties } = part as { properties?: Record<string, Record<string, unknown>> };
      for (const [name, property] of Object.entries(properties ?? {})) {
        if (property['description'] === undefined && property['$ref'] === undefined) undescribed.push(`${path}.${name}`);
        visit(property, `${path}.${name}`);
      }
    };
    visit(SCHEMAS[kind], kind);
    expect(undescribed).toEqual([]);
  });

  it('has generated types that are current', () => {
    execFileSync('node', ['schema/generate/generate.mjs', '--check'], { stdio: 'pipe' });
  });
});

describe('slugs', () => {
  it('keeps to DNS labels', () => {
    expect(slugOf('QA-LOGIN-ERROR')).toBe('qa-login-error');
    expect(slugOf('a.b_c')).toBe('a-b-c');
    expect(() => slugOf('-x')).toThrow('cannot be a name');
    expect(() => slugOf('x'.repeat(41))).toThrow('cannot be a name');
  });
});
