/** Gets onto this machine what `npm test` needs. Node's own modules only: nothing is installed when it begins. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { ENGINE_TOOLS } from './engine.mjs';
import { provideNginx } from './nginx.mjs';
import { ensureNpmPackages, npmPackagesAreCurrent } from './npm-packages.mjs';
import { StartError, step } from './progress.mjs';
import { which, widenPath } from './run.mjs';
import { COMPILER, IMAGE_TOOLS, provide, TOOLS } from './tools.mjs';

/** @returns {import('./tools.mjs').Tool} */
const program = (name, packageName) => ({
  name,
  isThere: () => which(name) !== undefined,
  packages: [packageName],
  hint: `the program ${name}`,
});

/** What only tests use: namespaces, a browser, clients. @type {import('./tools.mjs').Tool[]} */
const TEST_TOOLS = [
  program('ip', 'iproute2'),
  program('nsenter', 'util-linux'),
  program('sysctl', 'procps'),
  program('curl', 'curl'),
  program('python3', 'python3'),
  {
    name: 'PostgreSQL',
    isThere: () => which('initdb') !== undefined || existsSync('/usr/lib/postgresql'),
    packages: ['postgresql'],
    hint: "PostgreSQL 13 or newer with initdb and pg_ctl, for a cluster of the tests' own",
  },
  {
    name: 'chromium',
    isThere: () => which('chromium') !== undefined,
    packages: ['chromium', 'fonts-liberation'],
    hint: 'the browser Chromium, as /usr/bin/chromium',
  },
];

/** In the package docker.io up to Debian 12, in one of its own since. */
const DOCKER_CLIENT = program('docker', 'docker-cli');

async function installPrograms(root) {
  const compiler = npmPackagesAreCurrent(root) ? [] : [COMPILER];
  const { RUNLEVEL } = process.env;
  // Where there is no systemd, packages would start their daemons by init scripts; in runlevel 1 they don't.
  if (!existsSync('/run/systemd/system')) process.env.RUNLEVEL = '1';
  try {
    await provide([...TOOLS, ...compiler, ...ENGINE_TOOLS, ...IMAGE_TOOLS, ...TEST_TOOLS]);
    await provide([DOCKER_CLIENT]);
  } finally {
    if (RUNLEVEL === undefined) delete process.env.RUNLEVEL;
    else process.env.RUNLEVEL = RUNLEVEL;
  }
}

/**
 * Installs programs and npm packages, and builds dist/ and web/build/. What is there already is left as it is.
 * @param {string} root folder of package.json
 * @throws {import('./progress.mjs').StartError} with what is missing and how to get it
 */
export async function provisionForTests(root) {
  widenPath();
  await installPrograms(root);
  await ensureNpmPackages(root);
  const missing = await provideNginx(root);
  if (missing !== undefined) throw new StartError(`The tests of the nginx gateway need the program nginx:\n${missing}`);
  // It imports esbuild.
  const { buildTarget, staleTargets } = await import(pathToFileURL(join(root, 'api/main/build.mjs')).href);
  const titles = { server: 'Build server and CLI', web: 'Build the web UI' };
  for (const name of staleTargets()) await step(titles[name], () => buildTarget(name));
}
