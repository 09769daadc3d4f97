#!/usr/bin/env node
/**
 * Bundles the server (dist/) and the web UI (web/build/). What is current already is skipped.
 * `node api/main/build.mjs [--only server|web] [--force]`
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { contentHash, isStamped, stamp } from './provision/content-hash.mjs';
import { run } from './provision/run.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const CONFIGURATION = ['package-lock.json', 'package.json', 'tsconfig.json', 'api/main/build.mjs'];

/** What is built, from which sources, and where its stamp is. */
const TARGETS = {
  server: {
    sources: [...CONFIGURATION, 'schema', 'specs', 'reconciler', 'agents', 'api', ...demoSources()],
    stamp: join(ROOT, 'dist', '.sdp-stamp'),
    exists: () => existsSync(join(ROOT, 'api/main/main.ts')),
    build: buildServer,
  },
  web: {
    sources: [...CONFIGURATION, 'schema', 'web'],
    stamp: join(ROOT, 'web', 'build', '.sdp-stamp'),
    exists: () => existsSync(join(ROOT, 'web/vite.config.ts')),
    build: buildWeb,
  },
};

/** The sources of the demo's repositories are data: they are not bundled. */
function demoSources() {
  const folder = join(ROOT, 'examples', 'demo');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.ts')).map((name) => join('examples', 'demo', name));
}

async function buildServer() {
  const { build } = await import('esbuild');
  const outdir = join(ROOT, 'dist');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['api/main/main.ts'],
    outdir,
    outbase: 'api/main',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    // `#schema/...` are imports of this package's own files, not packages.
    alias: Object.fromEntries(
      ['schema', 'specs', 'reconciler', 'agents', 'api', 'web', 'examples'].map((name) => [`#${name}`, `./${name}`]),
    ),
    outExtension: { '.js': '.mjs' },
    sourcemap: true,
    loader: { '.sql': 'text' },
    // tsconfig.json's paths are for types only.
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx' } },
    logLevel: 'warning',
  });
}

async function buildWeb() {
  const { code, output } = await run(
    process.execPath,
    [join(ROOT, 'node_modules/@remix-run/dev/dist/cli.js'), 'vite:build', '-c', 'web/vite.config.ts'],
    { cwd: ROOT, env: { ...process.env, NODE_ENV: 'production' } },
  );
  if (code !== 0) throw new Error(`The web UI does not build:\n${output.trim()}`);
}

const hashOf = (target) => contentHash(ROOT, target.sources, `node ${process.versions.node.split('.')[0]}`);

/** @returns {('server' | 'web')[]} what has to be built */
export function staleTargets() {
  return Object.keys(TARGETS).filter((name) => {
    const target = TARGETS[name];
    return target.exists() && !isStamped(target.stamp, hashOf(target));
  });
}

/** @param {'server' | 'web'} name */
export async function buildTarget(name) {
  const target = TARGETS[name];
  const hash = hashOf(target);
  await target.build();
  stamp(target.stamp, hash);
}

async function main(argv) {
  const only = argv.includes('--only') ? argv[argv.indexOf('--only') + 1] : undefined;
  if (only !== undefined && !(only in TARGETS)) throw new Error(`--only is "${only}", but has to be server or web.`);
  const wanted = argv.includes('--force') ? Object.keys(TARGETS).filter((name) => TARGETS[name].exists()) : staleTargets();
  for (const name of wanted) {
    if (only !== undefined && name !== only) continue;
    const started = Date.now();
    await buildTarget(name);
    process.stdout.write(`built ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
