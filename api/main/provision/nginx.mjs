/**
 * The program nginx for the demo's second gateway, out of the distribution's package. That is not installed, because it
 * would start a server on port 80: only the one file is taken.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { canInstall, downloadPackage } from './distribution.mjs';
import { run, which } from './run.mjs';

/** Newer distributions have the program in the first, older ones in the second. */
const PACKAGES = ['nginx', 'nginx-light'];

/** Where it is kept, as api/main/all-in-one.ts tells the demo. @param {string} clone folder of package.json */
export const packagesFolder = (clone) => join(clone, 'node_modules', '.cache', 'sdp');

/**
 * @param {string} clone
 * @returns {Promise<string | undefined>} why it cannot be had; nothing that the demo begins with needs it
 */
export async function provideNginx(clone) {
  const folder = packagesFolder(clone);
  if (which('nginx') !== undefined || existsSync(join(folder, 'nginx'))) return undefined;
  if (!canInstall()) return 'Packages of the distribution cannot be had here.';
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'nginx-'));
  const failures = [];
  try {
    for (const name of PACKAGES) {
      const failure = await takeProgram(name, work, join(folder, 'nginx'));
      if (failure === undefined) return undefined;
      failures.push(failure);
    }
    return failures.join('\n');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function takeProgram(name, work, target) {
  const failure = await downloadPackage(name, work);
  if (failure !== undefined) return failure;
  const file = (await readdir(work)).find((entry) => entry.startsWith(`${name}_`));
  const { code, output } = await run('dpkg-deb', ['-x', join(work, file ?? ''), join(work, name)]);
  if (code !== 0) return `dpkg-deb: ${output.trim()}`;
  const program = join(work, name, 'usr', 'sbin', 'nginx');
  if (!existsSync(program)) return `the package ${name} has no program nginx`;
  await rename(program, target);
  return undefined;
}
