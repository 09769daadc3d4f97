/**
 * `npm run bench [name...]`: runs benchmarks of this folder and prints a table and a JSON line for each measure. Needs
 * Linux and root, and `npm run build` before it. Not part of `npm test`: figures depend on the machine, ratios less so.
 */
import { readdirSync } from 'node:fs';
import { createServer } from 'vite';

const names = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts')).map((name) => name.replace(/\.ts$/, ''));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark "${unknown.join('", "')}". There are: ${names.join(', ')}.`);
  process.exit(1);
}

const vite = await createServer({ configFile: false, server: { middlewareMode: true, watch: null, hmr: false, ws: false }, appType: 'custom', logLevel: 'error', optimizeDeps: { noDiscovery: true } });
try {
  for (const name of wanted.length > 0 ? wanted : names) {
    console.log(`\n# ${name}`);
    const { default: bench } = await vite.ssrLoadModule(`/test/bench/${name}.ts`);
    await bench();
  }
} finally {
  await vite.close();
}
process.exit(process.exitCode ?? 0);
