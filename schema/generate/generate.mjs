/**
 * Writes the TypeScript types of every document from its JSON Schema.
 * `node schema/generate/generate.mjs` writes; with `--check` it fails when a committed file is stale.
 */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFromFile } from 'json-schema-to-typescript';

const here = path.dirname(fileURLToPath(import.meta.url));
const documents = path.join(here, '..', 'documents');
const generated = path.join(here, '..', 'generated');
const check = process.argv.includes('--check');

const names = (await readdir(documents)).filter((name) => name.endsWith('.schema.json') && name !== 'common.schema.json').sort();
const stale = [];
for (const name of names) {
  const text = await compileFromFile(path.join(documents, name), {
    cwd: documents,
    bannerComment: `/* Generated from ../documents/${name} by \`npm run generate\`; do not edit. */`,
    style: { singleQuote: true },
    additionalProperties: false,
  });
  const file = path.join(generated, name.replace('.schema.json', '.ts'));
  const current = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (current === text) continue;
  if (check) stale.push(path.basename(file));
  else await writeFile(file, text);
}
if (stale.length > 0) {
  console.error(`Stale generated types: ${stale.join(', ')}. Run \`npm run generate\` and commit the result.`);
  process.exit(1);
}
