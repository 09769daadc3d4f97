/** A Docker Engine of the test's own in a network namespace of its own, joined to the others by a bridge. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';

const run = promisify(execFile);
const ip = (...args: string[]): Promise<unknown> => run('ip', args);

export interface PrivateDocker {
  docker: Docker;
  /** Of the node on the bridge. */
  address: string;
  /** Kernel lists of the engine's network namespace. */
  procNet: string;
  directory: string;
  /** Runs a program in the namespace. */
  spawnInside(command: string, args: string[]): ChildProcess;
  stop(): Promise<void>;
}

export interface Bridge {
  address: string;
  name: string;
  remove(): Promise<void>;
}

/** Addresses of 198.18.0.0/15 are for tests like these (RFC 2544). */
export async function bridge(name: string, third: number): Promise<Bridge> {
  const address = `198.18.${third}.1`;
  await ip('link', 'del', name).catch(() => undefined);
  await ip('link', 'add', name, 'type', 'bridge');
  await ip('addr', 'add', `${address}/24`, 'dev', name);
  await ip('link', 'set', name, 'up');
  return { address, name, remove: async () => void (await ip('link', 'del', name)) };
}

export async function privateDocker(on: Bridge, name: string, last: number): Promise<PrivateDocker> {
  const directory = await mkdtemp(join(tmpdir(), `sdp-${name}-`));
  const address = on.address.replace(/\d+$/, String(last));
  await ip('netns', 'del', name).catch(() => undefined);
  await ip('link', 'del', `${name}-o`).catch(() => undefined);
  await ip('netns', 'add', name);
  await ip('link', 'add', `${name}-o`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  await ip('link', 'set', `${name}-o`, 'master', on.name, 'up');
  for (const args of [['addr', 'add', `${address}/24`, 'dev', 'eth0'], ['link', 'set', 'eth0', 'up'], ['link', 'set', 'lo', 'up'], ['route', 'add', 'default', 'via', on.address]]) {
    await ip('-n', name, ...args);
  }
  const inside = [`--net=/var/run/netns/${name}`];
  await mkdir(join(directory, 'data'), { recursive: true });
  const log = openSync(join(directory, 'dockerd.log'), 'a');
  const socketPath = join(directory, 'docker.sock');
  const daemon = spawn(
    'nsenter',
    [...inside, 'dockerd', '-H', `unix://${socketPath}`, '--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec'), '--pidfile', join(directory, 'pid')],
    { stdio: ['ignore', log, log] },
  );
  const docker = new Docker({ socketPath });
  for (let i = 0; ; i++) {
    if (await docker.ping().then(() => true, () => false)) break;
    if (i > 150 || daemon.exitCode !== null) throw new Error(`dockerd did not start; see ${directory}/dockerd.log`);
    await sleep(200);
  }
  return {
    docker,
    address,
    procNet: `/proc/${daemon.pid}/net`,
    directory,
    spawnInside: (command, args) => spawn('nsenter', [...inside, command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] }),
    async stop() {
      for (const each of await docker.listContainers({ all: true })) await docker.getContainer(each.Id).remove({ force: true });
      const ended = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGTERM');
      await ended;
      await ip('netns', 'del', name);
      await run('sh', ['-c', `umount ${directory}/exec/netns/* ${directory}/data/* 2>/dev/null || true`]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
