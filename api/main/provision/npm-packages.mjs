/** Installs npm packages when the lock file is not what is installed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash, isStamped, stamp } from './content-hash.mjs';
import { StartError, step } from './progress.mjs';
import { run } from './run.mjs';
import { COMPILER, missingOf, missingText, nodeDirectory, provide } from './tools.mjs';

/** Native modules are for one ABI: another Node needs another build. */
const lockHash = (root) => contentHash(root, ['package-lock.json'], `abi ${process.versions.modules}`);

/** @param {string} root folder of package.json */
export function npmPackagesAreCurrent(root) {
  return isStamped(join(root, 'node_modules', '.sdp-stamp'), lockHash(root));
}

async function works(root) {
  if (!existsSync(join(root, 'node_modules', 'better-sqlite3'))) return false;
  const script = "new (require('better-sqlite3'))(':memory:').close(); require.resolve('esbuild')";
  const { code } = await run(process.execPath, ['-e', script], { cwd: root, timeout: 30_000 });
  // npm's own record is older than the lock file when somebody pulled a newer one.
  return code === 0 && (await lockIsInstalled(root));
}

async function lockIsInstalled(root) {
  const npm = npmCommand();
  const { code } = await run(npm[0], [...npm.slice(1), 'ls', '--all', '--silent'], { cwd: root, timeout: 60_000 });
  return code === 0;
}

/** npm as it started us, else the one beside Node, else the one on PATH. */
function npmCommand() {
  if (process.env.npm_execpath?.endsWith('.js')) return [process.execPath, process.env.npm_execpath];
  return ['npm'];
}

/** @param {string} root folder of package.json */
export async function ensureNpmPackages(root) {
  if (npmPackagesAreCurrent(root)) return;
  const file = join(root, 'node_modules', '.sdp-stamp');
  if (await works(root)) {
    stamp(file, lockHash(root));
    return;
  }
  // Where it cannot be installed: a finished binary may still be downloaded.
  await provide([COMPILER], { optional: true });
  const nodedir = nodeDirectory();
  await step('Install npm packages (better-sqlite3 may be compiled: about a minute)', async (say) => {
    const npm = npmCommand();
    const { code, output } = await run(npm[0], [...npm.slice(1), 'ci', '--no-audit', '--no-fund', '--include=dev'], {
      cwd: root,
      env: { ...process.env, ...(nodedir === undefined ? {} : { npm_config_nodedir: nodedir }) },
      onLine: say,
      timeout: 1_200_000,
    });
    if (code !== 0) {
      const missing = await missingOf([COMPILER]);
      const why = missing.length > 0 ? `\n\n${missingText(missing)}` : '';
      throw new StartError(`npm ci failed:\n${output.trim()}${why}`);
    }
    say('');
  });
  stamp(file, lockHash(root));
}
