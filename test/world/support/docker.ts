/**
 * A private Docker Engine in its own network namespace, for tests on real parts. Needs Linux, root, `dockerd`, `ip`,
 * `iptables`, `nsenter`. Whatever else runs on the machine is not touched: own data root, exec root, socket, addresses.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, openSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';

export { importBusyboxImage, importStaticImage } from './images.ts';

const run = promisify(execFile);

/** Runs with another TMPDIR go on at the same time; test/harness/run-folder.mjs finds a run's namespaces by this. */
const RUN = createHash('sha256').update(tmpdir()).digest('hex').slice(0, 6);

/** The name of a network namespace of this run, so that leftovers are found. */
export const namespaceOf = (name: string): string => `sdp-${name}-${RUN}`;

export interface PrivateDocker {
  /** Path of the engine's unix socket. */
  socket: string;
  /** Path of the network namespace, for `nsenter --net=`. */
  netns: string;
  /** Its name, for `ip netns`. */
  namespace: string;
  /** The namespace's own address as this host reaches it (published and edge ports answer there). */
  address: string;
  /** This host's address as containers and the namespace reach it. */
  hostAddress: string;
  /** CIDR (/16) for networks of sandboxes: this host has a route into it, so container addresses can be dialled. */
  pool: string;
  pid: number;
  directory: string;
  /** Runs a command inside the namespace and answers its stdout. */
  exec(command: string, args: readonly string[]): Promise<string>;
  /** Cuts (or mends) the link between namespace and host: a partition. */
  setLink(up: boolean): Promise<void>;
  /** SIGKILLs the engine and starts it again on the same data. */
  crash(): Promise<void>;
  /** Ends the engine and removes everything it had. */
  stop(): Promise<void>;
}

/**
 * Starts an engine called `name` (letters, digits, dashes; at most 20) and waits until it answers.
 * What a dead earlier run of the same name left behind is removed first; a live one makes this throw.
 */
export async function startDocker({ name, args = [] }: { name: string; args?: string[] }): Promise<PrivateDocker> {
  if (!/^[a-z0-9-]{1,20}$/.test(name)) throw new Error(`startDocker: bad name ${name}`);
  const directory = join(tmpdir(), `sdp-docker-${name}`);
  refuseWhenOwned(directory);
  await removeLeftovers(name, directory);
  await mkdir(directory, { recursive: true, mode: 0o711 });
  await writeFile(join(directory, 'owner'), identityOf(process.pid) ?? '');

  const nsName = namespaceOf(name);
  const netns = `/var/run/netns/${nsName}`;
  await run('ip', ['netns', 'add', nsName]);
  const slice = await claimSlice(nsName);
  const inside = (command: string, more: readonly string[]): Promise<string> =>
    run('nsenter', [`--net=${netns}`, command, ...more], { maxBuffer: 64 << 20 }).then((out) => out.stdout);
  const { link, address, hostAddress, pool, second } = slice;
  await inside('ip', ['link', 'set', 'lo', 'up']);
  await inside('ip', ['addr', 'add', `${address}/30`, 'dev', 'eth0']);
  await inside('ip', ['link', 'set', 'eth0', 'up']);
  await inside('ip', ['route', 'add', 'default', 'via', hostAddress]);
  await inside('sysctl', ['-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.route_localnet=1']);
  await run('ip', ['addr', 'add', `${hostAddress}/30`, 'dev', link]);
  await run('ip', ['link', 'set', link, 'up']);
  await run('ip', ['route', 'replace', pool, 'via', address]);

  const socket = join(directory, 'docker.sock');
  const log = join(directory, 'dockerd.log');
  const launch = async (): Promise<number> => {
    await rm(join(directory, 'pid'), { force: true });
    const out = openSync(log, 'a');
    const child = spawn(
      'nsenter',
      [
        `--net=${netns}`, 'dockerd', '-H', `unix://${socket}`,
        '--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec'),
        '--pidfile', join(directory, 'pid'), '--shutdown-timeout', '1',
        // In the pool's upper half, away from the subnets that tests choose from its start.
        '--bip', `10.${second}.255.1/24`, '--default-address-pool', `base=10.${second}.128.0/18,size=24`,
        // Nothing answers there: a lookup of an outside name fails at once instead of timing out.
        '--dns', hostAddress, ...args,
      ],
      // Its containerd leaves a file in TMPDIR when it is slow to end.
      { stdio: ['ignore', out, out], detached: true, env: { ...process.env, TMPDIR: directory } },
    );
    child.unref();
    const gone = new Promise<string>((resolve) => {
      child.once('exit', (code) => resolve(`ended with ${code}`));
      child.once('error', (error) => resolve(String(error)));
    });
    await answers(socket, gone, log);
    // Docker's FORWARD chain drops what comes from outside to a container; this host plays "the node itself".
    await inside('iptables', ['-I', 'DOCKER-USER', '-i', 'eth0', '-j', 'ACCEPT']);
    return Number(readFileSync(join(directory, 'pid'), 'utf8'));
  };

  const docker: PrivateDocker = {
    socket, netns, namespace: nsName, address, hostAddress, pool, directory,
    pid: await launch(),
    exec: inside,
    setLink: async (up) => {
      await run('ip', ['link', 'set', link, up ? 'up' : 'down']);
      // Taking a link down drops its routes.
      if (up) await run('ip', ['route', 'replace', pool, 'via', address]);
    },
    crash: async () => {
      process.kill(docker.pid, 'SIGKILL');
      await until(() => processesIn(directory).every((pid) => !isProgram(pid, /\/(dockerd|containerd)$/)), 5_000);
      // A containerd that nobody has reaped yet would be waited for.
      await rm(join(directory, 'exec/containerd/containerd.pid'), { force: true });
      await rm(join(directory, 'exec/containerd/containerd.sock'), { force: true });
      docker.pid = await launch();
    },
    stop: async () => {
      await killContainers(socket);
      await removeLeftovers(name, directory);
    },
  };
  return docker;
}

interface Slice {
  link: string;
  address: string;
  hostAddress: string;
  pool: string;
  second: number;
}

/** The host's end of a veth pair is the claim: making a link is atomic. */
async function claimSlice(nsName: string): Promise<Slice> {
  for (let index = 0; index < 60; index += 1) {
    const link = `sdpv${index}`;
    try {
      await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nsName]);
    } catch (error) {
      if (/File exists/.test(String(error))) continue;
      throw error;
    }
    await run('ip', ['link', 'set', link, 'alias', nsName]);
    const second = 100 + index;
    return {
      link,
      address: `198.18.${index}.2`,
      hostAddress: `198.18.${index}.1`,
      pool: `10.${second}.0.0/16`,
      second,
    };
  }
  throw new Error('startDocker: all 60 address slices are taken; see `ip link show type veth`');
}

async function answers(socket: string, gone: Promise<string>, log: string): Promise<void> {
  const docker = new Docker({ socketPath: socket });
  let ended: string | undefined;
  void gone.then((why) => (ended = why));
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    if (ended !== undefined) throw new Error(`dockerd ${ended}:\n${readFileSync(log, 'utf8').slice(-3000)}`);
    if (!existsSync(socket)) continue;
    if (await docker.ping().then(() => true, () => false)) return;
  }
  throw new Error(`dockerd did not answer within 60 s:\n${readFileSync(log, 'utf8').slice(-3000)}`);
}

/** A shell as process 1 ignores SIGTERM: without this the engine's shutdown would wait for each. */
async function killContainers(socket: string): Promise<void> {
  const docker = new Docker({ socketPath: socket, timeout: 5_000 });
  const list = await docker.listContainers().catch(() => []);
  await Promise.all(list.map((one) => docker.getContainer(one.Id).kill().catch(() => undefined)));
}

/** Process id and start time: a process id alone is used again some day. */
function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}

function refuseWhenOwned(directory: string): void {
  const file = join(directory, 'owner');
  if (!existsSync(file)) return;
  const owner = readFileSync(file, 'utf8');
  const pid = Number(owner.split(' ')[0]);
  if (pid !== process.pid && identityOf(pid) === owner) {
    throw new Error(`startDocker: ${directory} belongs to the running process ${pid}; choose another name`);
  }
}

/** Ends the processes that work in `directory` (and only those), then removes mounts, link, namespace and files. */
async function removeLeftovers(name: string, directory: string): Promise<void> {
  const pidFile = join(directory, 'pid');
  const daemon = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
  if (processesIn(directory).includes(daemon)) {
    process.kill(daemon, 'SIGTERM');
    await until(() => !processesIn(directory).includes(daemon), 8_000);
  }
  for (let round = 0; round < 5 && processesIn(directory).length > 0; round += 1) {
    for (const pid of processesIn(directory)) {
      // A shim's child is the container's first process: it goes with its shim's namespace otherwise surviving it.
      for (const child of childrenOf(pid)) kill(child);
      kill(pid);
    }
    await sleep(100);
  }
  for (const mount of mountsUnder(directory)) await run('umount', ['-l', mount]).catch(() => undefined);
  const nsName = namespaceOf(name);
  const links = JSON.parse((await run('ip', ['-j', '-d', 'link', 'show'])).stdout || '[]') as {
    ifname: string;
    ifalias?: string;
  }[];
  for (const link of links.filter((one) => one.ifalias === nsName)) {
    await run('ip', ['link', 'del', link.ifname]).catch(() => undefined);
  }
  if (existsSync(`/var/run/netns/${nsName}`)) await run('ip', ['netns', 'del', nsName]).catch(() => undefined);
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** dockerd, containerd and shims whose arguments name this directory. */
function processesIn(directory: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return isProgram(pid, /\/(dockerd|containerd|containerd-shim\S*|docker-proxy|runc)$/)
          && words.some((word) => word.startsWith(`${directory}/`) || word.includes(`=${directory}/`));
      } catch {
        return false;
      }
    });
}

function isProgram(pid: number, program: RegExp): boolean {
  try {
    return program.test(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function mountsUnder(directory: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((target) => target.startsWith(`${directory}/`))
    .reverse();
}

async function until(condition: () => boolean, ms: number): Promise<void> {
  for (const end = Date.now() + ms; !condition() && Date.now() < end; ) await sleep(20);
}
