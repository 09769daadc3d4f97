#!/usr/bin/env node
/** `sdp` from a clone: runs the bundled program, and bundles it first where that has not been done. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bundle = new URL('../../dist/main.mjs', import.meta.url);
process.setSourceMapsEnabled(true);

if (!existsSync(fileURLToPath(bundle))) {
  if (!existsSync(fileURLToPath(new URL('../../node_modules/esbuild', import.meta.url)))) {
    process.stderr.write('SDP is not installed in this folder yet: run `npm start`, or `npm ci`, first.\n');
    process.exit(1);
  }
  process.stderr.write('Building sdp once …\n');
  const { buildTarget } = await import('./build.mjs');
  await buildTarget('server');
}

process.argv[1] = fileURLToPath(bundle);
await import(bundle.href);
