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
