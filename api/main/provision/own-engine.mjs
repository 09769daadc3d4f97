/**
 * An engine of SDP's own, where the machine has none that runs: dockerd in the background, data below .sdp/engine.
 * It outlives us, so that containers stay after Ctrl-C; the next start finds it by its socket.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askEngine, pingEngine } from './engine-socket.mjs';
import { StartError } from './progress.mjs';
import { run, which } from './run.mjs';

/** Longest path that a unix socket can have is 107 bytes. */
const LONGEST_SOCKET = 100;
const READY_WITHIN = 60_000;
const STOPPED_WITHIN = 40_000;

/** @param {string} root absolute path of .sdp */
export function ownEnginePlaces(root) {
  const directory = join(root, 'engine');
  // State that means nothing after a reboot belongs where a reboot removes it; paths there are short, too.
  const runtime = `/run/sdp-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
  const socket = join(directory, 'docker.sock');
  return {
    directory,
    runtime,
    socket: socket.length <= LONGEST_SOCKET ? socket : join(runtime, 'docker.sock'),
    data: join(directory, 'data'),
    exec: join(runtime, 'exec'),
    pidFile: join(directory, 'dockerd.pid'),
    log: join(directory, 'dockerd.log'),
    programs: join(directory, 'bin'),
  };
}

/**
 * dockerd waits in vain for a containerd that died with its former self and that nobody has reaped yet, as happens
 * in containers without an init.
 */
function forgetDeadContainerd(places) {
  const directory = join(places.exec, 'containerd');
  let state;
  try {
    const pid = readFileSync(join(directory, 'containerd.pid'), 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    state = stat.slice(stat.lastIndexOf(')') + 2)[0];
  } catch {
    // No file, or no process.
  }
  if (state !== undefined && state !== 'Z') return;
  for (const name of ['containerd.pid', 'containerd.sock']) rmSync(join(directory, name), { force: true });
}

/** The pid of our engine; a pid file from before a reboot may name any process. */
function livePid(places) {
  try {
    const pid = Number(readFileSync(places.pidFile, 'utf8').trim());
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return command.includes(places.data) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * dockerd calls `iptables`. Where only the older kind works, a link to that comes first on its PATH.
 * @returns {Promise<string>} PATH for dockerd
 */
async function pathWithIptables(places) {
  const path = [process.env.PATH ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);
  const works = async (program) => program !== undefined && (await run(program, ['-t', 'nat', '-S'])).code === 0;
  if (await works(which('iptables'))) return path;
  const legacy = which('iptables-legacy');
  if (!(await works(legacy))) {
    throw new StartError(
      'Neither iptables nor iptables-legacy can change the rules of this machine, which a Docker Engine needs.\n' +
        'Inside a container this takes the capability NET_ADMIN; otherwise the kernel lacks netfilter.',
    );
  }
  rmSync(places.programs, { recursive: true, force: true });
  mkdirSync(places.programs, { recursive: true });
  symlinkSync(legacy, join(places.programs, 'iptables'));
  const legacy6 = which('ip6tables-legacy');
  if (legacy6 !== undefined) symlinkSync(legacy6, join(places.programs, 'ip6tables'));
  return [places.programs, path].join(delimiter);
}

const lastWords = (places) =>
  existsSync(places.log) ? readFileSync(places.log, 'utf8').trim().split('\n').slice(-8).join('\n') : '';

/**
 * Starts the engine unless it runs.
 * @param {string} root absolute path of .sdp
 * @returns {Promise<{ socket: string, started: boolean }>}
 */
export async function startOwnEngine(root) {
  const places = ownEnginePlaces(root);
  if ((await pingEngine(places.socket)) === 'answers') return { socket: places.socket, started: false };
  mkdirSync(places.directory, { recursive: true, mode: 0o711 });
  mkdirSync(places.runtime, { recursive: true, mode: 0o711 });
  let exited;
  if (livePid(places) === undefined) {
    rmSync(places.pidFile, { force: true });
    forgetDeadContainerd(places);
    const PATH = await pathWithIptables(places);
    const log = openSync(places.log, 'w', 0o600);
    const child = spawn(
      which('dockerd') ?? 'dockerd',
      [
        ...['-H', `unix://${places.socket}`],
        ...['--data-root', places.data, '--exec-root', places.exec, '--pidfile', places.pidFile],
        // No default network: SDP chooses the subnets of all networks itself (A4).
        ...['--bridge', 'none', '--live-restore', '--log-level', 'warn'],
      ],
      { detached: true, stdio: ['ignore', log, log], env: { ...process.env, PATH }, cwd: '/' },
    );
    child.on('error', (error) => (exited = error.message));
    child.on('exit', (code) => (exited ??= `it ended with ${code}`));
    child.unref();
  }
  const deadline = Date.now() + READY_WITHIN;
  while ((await pingEngine(places.socket)) !== 'answers') {
    if (exited !== undefined || Date.now() > deadline) {
      throw new StartError(
        `The Docker Engine does not start: ${exited ?? `no answer after ${READY_WITHIN / 1000} s`}.\n` +
          `Its last words (${places.log}):\n${lastWords(places)}`,
      );
    }
    await sleep(100);
  }
  return { socket: places.socket, started: true };
}

/** Containers and networks first: with live-restore they would outlive the engine, and bridges would hold subnets. */
async function emptyEngine(socket) {
  const containers = JSON.parse((await askEngine(socket, '/containers/json?all=true')).body);
  for (const { Id } of containers) await askEngine(socket, `/containers/${Id}?force=true&v=true`, 'DELETE');
  const networks = JSON.parse((await askEngine(socket, '/networks')).body);
  for (const { Id, Name } of networks) {
    if (!['bridge', 'host', 'none'].includes(Name)) await askEngine(socket, `/networks/${Id}`, 'DELETE');
  }
}

/** A killed engine leaves its mounts behind, and what is mounted cannot be removed. */
async function unmountBelow(directory) {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounts.reverse()) await run('umount', ['--lazy', path]);
}

/**
 * Ends our own engine and removes everything it has. Nothing happens when there is none.
 * @param {string} root absolute path of .sdp
 * @returns {Promise<boolean>} whether there was one
 */
export async function removeOwnEngine(root) {
  const places = ownEnginePlaces(root);
  if (!existsSync(places.directory)) return false;
  // One that was killed leaves containers running: only an engine can end them.
  const answers = await startOwnEngine(root).then(() => true, () => false);
  if (answers) await emptyEngine(places.socket);
  const pid = livePid(places);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    const deadline = Date.now() + STOPPED_WITHIN;
    while (livePid(places) === pid) {
      if (Date.now() > deadline) throw new StartError(`The Docker Engine (process ${pid}) does not end.`);
      await sleep(100);
    }
  }
  for (const directory of [places.directory, places.runtime]) {
    await unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true });
  }
  return true;
}

/** @param {string} root absolute path of .sdp */
export const hasOwnEngine = (root) => existsSync(dirname(ownEnginePlaces(root).pidFile));
