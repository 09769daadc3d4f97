#!/usr/bin/env node
/**
 * `npm start`: gets everything that SDP needs onto this machine, then runs it in this same process.
 * Needs only Node's own modules, as nothing is installed when it begins.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { canInstall } from './provision/distribution.mjs';
import { engineProblem, ensureEngine } from './provision/engine.mjs';
import { hasImage, isListening } from './provision/engine-socket.mjs';
import { HELP, parseFlags } from './provision/flags.mjs';
import { provideNginx } from './provision/nginx.mjs';
import { ensureNpmPackages, npmPackagesAreCurrent } from './provision/npm-packages.mjs';
import { hasOwnEngine, removeOwnEngine } from './provision/own-engine.mjs';
import { bold, dim, StartError, step } from './provision/progress.mjs';
import { widenPath } from './provision/run.mjs';
import { IMAGE_TOOLS, missingOf, missingText, provide, TOOLS } from './provision/tools.mjs';

const STARTED = Date.now();
const CLONE = fileURLToPath(new URL('../..', import.meta.url));
const OLDEST_NODE = [20, 19];
/** As in examples/demo/base-images.ts, which cannot be read before it is bundled. */
const BASE_IMAGES = ['sdp-demo/runtime:1', 'sdp-demo/php:8.2', 'sdp-demo/haproxy:2.6'];

function checkMachine() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new StartError(
      `This is Node ${process.versions.node}; SDP needs ${OLDEST_NODE.join('.')} or newer: https://nodejs.org/en/download`,
    );
  }
  if (process.platform !== 'linux') {
    throw new StartError(
      `SDP runs containers on the host's own network, which needs Linux; this is ${process.platform}.\n` +
        'Run it in a virtual machine with Debian or Ubuntu.',
    );
  }
}

/** What will happen, before it does. */
function announce(root, fresh) {
  const lines = [bold('SDP') + dim(' · sandboxes for feature branches')];
  const say = (text) => lines.push(`  ${text}`);
  if (fresh) say(`--fresh: removes what a former start made in ${root} and in the container engine.`);
  if (!npmPackagesAreCurrent(CLONE)) say('Installs npm packages, if they are not there.');
  if (!existsSync(root) || fresh) {
    say(
      canInstall()
        ? 'Installs from the distribution what is missing of git, Go, openssl, a Docker Engine and the programs in base images.'
        : 'Checks for git, Go, openssl and a Docker Engine.',
    );
    say(`Starts control plane and two agents, and makes a demo world in ${root}.`);
  } else {
    say(`Starts control plane and two agents on what is in ${root}.`);
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

async function build() {
  const { buildTarget, staleTargets } = await import('./build.mjs');
  const stale = staleTargets();
  const titles = { server: 'Build server and CLI', web: 'Build the web UI' };
  for (const name of stale) await step(titles[name], () => buildTarget(name));
}

/** Where nothing can be installed, everything that is missing is said at once, the engine included. */
async function checkTools() {
  if (!canInstall()) {
    const missing = await missingOf(TOOLS);
    const problems = [missing.length > 0 ? missingText(missing) : undefined, await engineProblem()];
    const text = problems.filter((problem) => problem !== undefined).join('\n\n');
    if (text !== '') throw new StartError(text);
  }
  await provide(TOOLS);
}

async function prepareImages(socket) {
  const there = await Promise.all(BASE_IMAGES.map((ref) => hasImage(socket, ref)));
  if (there.every(Boolean)) return;
  // Where they cannot be installed the demo pulls its base images.
  await provide(IMAGE_TOOLS, { optional: true });
}

async function main() {
  let flags;
  try {
    flags = parseFlags(process.argv.slice(2));
  } catch (error) {
    throw new StartError(`${error.message}\n\n${HELP}`);
  }
  if (flags.help) return void process.stdout.write(HELP);
  checkMachine();
  widenPath();
  const root = resolve(flags.root ?? resolve(CLONE, '.sdp'));
  if (await isListening(resolve(root, 'sdp.sock'))) {
    throw new StartError(`SDP runs already on ${root}. End it (Ctrl-C where it was started), then run npm start again.`);
  }
  announce(root, flags.fresh);

  await checkTools();
  await ensureNpmPackages(CLONE);
  // Beside everything else, as nothing that the demo begins with needs it.
  const nginx = provideNginx(CLONE).catch(() => undefined);
  await build();
  if (flags.fresh && hasOwnEngine(root)) {
    await step("Remove SDP's own Docker Engine and all its containers", () => removeOwnEngine(root));
  }
  const socket = await ensureEngine(root);
  await prepareImages(socket);
  await nginx;

  const entry = resolve(CLONE, 'dist/main.mjs');
  if (!existsSync(entry)) throw new StartError(`${entry} is missing although the build went well.`);
  process.setSourceMapsEnabled(true);
  process.env.SDP_STARTED_AT = String(STARTED);
  process.argv = [
    process.execPath,
    entry,
    'demo',
    ...['--root', root, '--docker-socket', socket],
    ...(flags.port === undefined ? [] : ['--port', flags.port]),
    ...(flags.fresh ? ['--fresh'] : []),
  ];
  // In this process: signals and exit code are then its own.
  await import(pathToFileURL(entry).href);
}

main().catch((error) => {
  process.stderr.write(`\n${error instanceof StartError ? error.message : (error?.stack ?? String(error))}\n`);
  process.exit(1);
});
