/** Programs that SDP needs on the machine, the packages that have them, and what to do where we cannot install. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, which } from './run.mjs';
import { canInstall, installPackages } from './distribution.mjs';
import { StartError, step } from './progress.mjs';

/**
 * @typedef {object} Tool
 * @property {string} name what people call it
 * @property {() => boolean | Promise<boolean>} isThere
 * @property {string[]} packages of Debian and Ubuntu
 * @property {string} hint how to get it elsewhere
 */

/** Oldest Go that the demo's services build with. */
const OLDEST_GO = [1, 19];

async function goIsNewEnough() {
  const go = which('go');
  if (go === undefined) return false;
  const { output } = await run(go, ['env', 'GOVERSION'], { env: { ...process.env, GOTOOLCHAIN: 'local' } });
  const match = /go(\d+)\.(\d+)/.exec(output);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1]);
}

const gitHasHttp = async () => {
  const git = which('git');
  if (git === undefined) return false;
  const { output } = await run(git, ['--exec-path']);
  return existsSync(join(output.trim(), 'git-http-backend'));
};

/** @type {Tool[]} */
export const TOOLS = [
  {
    name: 'git',
    isThere: gitHasHttp,
    packages: ['git'],
    hint: 'git 2.34 or newer with git-http-backend: https://git-scm.com/downloads',
  },
  {
    name: 'Go',
    isThere: goIsNewEnough,
    packages: ['golang-go'],
    hint: `Go ${OLDEST_GO.join('.')} or newer: https://go.dev/dl`,
  },
  {
    name: 'openssl',
    isThere: () => which('openssl') !== undefined,
    packages: ['openssl'],
    hint: 'the openssl program, for the certificates of the demo',
  },
];

/** Where Node's headers are, for node-gyp without a network. */
export function nodeDirectory() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node.h')) ? prefix : undefined;
}

/** better-sqlite3 is compiled where no finished binary can be downloaded. @type {Tool} */
export const COMPILER = {
  name: 'C++ compiler, make and Python',
  isThere: () => ['g++', 'make', 'python3'].every((name) => which(name) !== undefined),
  packages: ['g++', 'make', 'python3'],
  hint: 'g++, make and python3, to compile better-sqlite3',
};

/** What the demo's base images are made from. @type {Tool[]} */
export const IMAGE_TOOLS = [
  {
    name: 'busybox',
    isThere: () => which('busybox') !== undefined,
    packages: ['busybox-static'],
    hint: 'busybox, linked statically',
  },
  { name: 'php', isThere: () => which('php') !== undefined, packages: ['php-cli'], hint: "PHP's command line program" },
  { name: 'haproxy', isThere: () => which('haproxy') !== undefined, packages: ['haproxy'], hint: 'HAProxy 2.6 or newer' },
];

/** @param {Tool[]} tools */
export async function missingOf(tools) {
  const missing = [];
  for (const tool of tools) if (!(await tool.isThere())) missing.push(tool);
  return missing;
}

/**
 * Installs what is missing, or says exactly what is missing and how to get it.
 * @param {Tool[]} tools
 * @param {{ optional?: boolean }} [options] optional: without them something else can be done, so go on
 */
export async function provide(tools, options = {}) {
  const missing = await missingOf(tools);
  if (missing.length === 0) return;
  if (!canInstall()) {
    if (options.optional) return;
    throw new StartError(missingText(missing));
  }
  const packages = [...new Set(missing.flatMap((tool) => tool.packages))];
  await step(`Install ${packages.join(', ')}`, (say) => installPackages(packages, say));
  const still = await missingOf(tools);
  if (still.length > 0 && !options.optional) throw new StartError(missingText(still));
}

/** @param {Tool[]} missing */
export function missingText(missing) {
  const names = missing.map((tool) => `  - ${tool.name}: ${tool.hint}`).join('\n');
  const packages = [...new Set(missing.flatMap((tool) => tool.packages))].join(' ');
  return [
    'This machine lacks:',
    names,
    `On Debian or Ubuntu: apt-get install ${packages} (or run npm start as root, which does that).`,
    'Elsewhere: install them with the means of your system, then run npm start again.',
  ].join('\n');
}
