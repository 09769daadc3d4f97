/** What this machine can install by itself: packages of Debian and Ubuntu, as root. */
import { readFileSync } from 'node:fs';
import { run } from './run.mjs';
import { StartError } from './progress.mjs';

/** @returns {boolean} whether apt-get may be used here */
export function canInstall() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(text);
  } catch {
    return false;
  }
}

const ENVIRONMENT = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'a', LC_ALL: 'C.UTF-8' };
const OPTIONS = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0', '-q', '-y'];

async function aptGet(args, say) {
  const { code, output } = await run('apt-get', [...OPTIONS, ...args], {
    env: { ...process.env, ...ENVIRONMENT },
    onLine: say,
  });
  if (code !== 0) throw new StartError(`apt-get ${args.join(' ')} failed:\n${output.trim()}`);
}

/**
 * @param {string[]} packages
 * @param {(text: string) => void} say
 */
export async function installPackages(packages, say) {
  await aptGet(['update'], say);
  await aptGet(['install', '--no-install-recommends', ...packages], say);
  say(packages.join(' '));
}

/**
 * Brings a package's file into a folder; installs nothing. Where there are no lists of packages yet, those come first.
 * @param {string} name
 * @param {string} folder
 * @returns {Promise<string | undefined>} why it cannot be had
 */
export async function downloadPackage(name, folder) {
  const get = (args, cwd) =>
    run('apt-get', [...OPTIONS, '-o', 'Acquire::http::Timeout=15', ...args], { cwd, env: { ...process.env, ...ENVIRONMENT }, timeout: 90_000 });
  const first = await get(['download', name], folder);
  if (first.code === 0) return undefined;
  await get(['update']);
  const second = await get(['download', name], folder);
  return second.code === 0 ? undefined : `apt-get download ${name}: ${second.output.trim()}`;
}
