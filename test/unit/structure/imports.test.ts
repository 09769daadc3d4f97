/** The import table of the architecture: which folder may import which. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');

const MAY_IMPORT: Record<string, readonly string[]> = {
  schema: [],
  specs: ['schema'],
  reconciler: ['schema', 'specs'],
  agents: ['schema'],
  api: ['schema', 'specs', 'reconciler'],
  // The composition root.
  'api/main': ['schema', 'specs', 'reconciler', 'agents', 'api', 'web', 'examples'],
  // Types and states; everything else comes over HTTP and WebSocket.
  web: ['schema'],
  examples: ['schema'],
};

const SKIPPED = new Set(['node_modules', 'build', 'dist', 'vendor', 'sources', 'branches']);

function sources(directory: string): string[] {
  return readdirSync(path.join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(directory, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sources(name);
    return /\.(ts|tsx|mjs)$/.test(entry.name) ? [name] : [];
  });
}

const areaOf = (file: string): string => (file.startsWith('api/main/') ? 'api/main' : (file.split(path.sep)[0] ?? ''));

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const pattern = /(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** The area that a specifier leads to, or undefined for packages and Node's own modules. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return areaOf(specifier.slice(1));
  if (!specifier.startsWith('.') || specifier.includes('/node_modules/')) return undefined;
  return areaOf(path.normalize(path.join(path.dirname(file), specifier)));
}

function violations(area: string): string[] {
  const folder = area === 'api/main' ? 'api/main' : area;
  return sources(folder)
    .filter((file) => areaOf(file) === area)
    .flatMap((file) =>
      importsOf(file)
        .map((specifier) => ({ specifier, target: targetOf(file, specifier) }))
        .filter(({ target }) => target !== undefined && target !== area && target !== 'package.json' && !MAY_IMPORT[area]?.includes(target))
        .map(({ specifier }) => `${file} imports ${specifier}`),
    );
}

describe('import table', () => {
  it.each(Object.keys(MAY_IMPORT))('%s imports only what it may', (area) => {
    expect(violations(area)).toEqual([]);
  });

  it('finds source files in every area', () => {
    for (const area of Object.keys(MAY_IMPORT)) expect(sources(area).length, area).toBeGreaterThan(0);
  });

  it('keeps diff and plan free of I/O, clock and chance', () => {
    const impure = /\bnode:(?:fs|net|http|https|child_process|timers)|\bDate\.now\(|new Date\(\)|Math\.random\(|\bsetTimeout\(|\bfetch\(/;
    const files = [...sources('reconciler/diff'), ...sources('reconciler/plan')];
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => impure.test(readFileSync(path.join(ROOT, file), 'utf8')))).toEqual([]);
  });
});
