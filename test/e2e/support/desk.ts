/**
 * A network namespace for a browser, as a person's machine beside the node: from it only the platform's port can be
 * reached, at the same address. Not the engine's own namespace, as Chromium gives up its requests (ERR_NETWORK_CHANGED)
 * whenever an interface appears, and each sandbox brings one.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { namespaceOf } from '../../world/support/docker.ts';
import type { Platform } from './platform.ts';

const run = promisify(execFile);
const RELAY = path.join(import.meta.dirname, 'relay.mjs');

export class Desk {
  private constructor(
    /** Of the namespace, for `nsenter --net=`. */
    readonly netns: string,
    /** For files of the browser; removed at the end. */
    readonly directory: string,
    private readonly relays: readonly ChildProcess[],
  ) {}

  /** `name`: letters, digits, dashes; one desk of a name at a time. */
  static async create(name: string, platform: Platform): Promise<Desk> {
    const directory = await mkdtemp(path.join(tmpdir(), 'sdp-desk-'));
    const namespace = namespaceOf(name);
    const netns = `/var/run/netns/${namespace}`;
    // Left behind by a run that was killed.
    if (existsSync(netns)) await run('ip', ['netns', 'del', namespace]);
    await run('ip', ['netns', 'add', namespace]);
    const ip = (...args: string[]): Promise<unknown> => run('ip', ['-n', namespace, ...args]);
    await ip('link', 'set', 'lo', 'up');
    // A machine without an interface counts as offline in Chromium.
    await ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1');
    await ip('addr', 'add', '192.0.2.1/24', 'dev', 'eth0');
    for (const end of ['eth0', 'eth1']) await ip('link', 'set', end, 'up');
    const socket = path.join(directory, 'platform.sock');
    const port = String(platform.port);
    const relays = [platform.spawn('node', [RELAY, socket, port]), spawn('nsenter', [`--net=${netns}`, 'node', RELAY, port, socket])];
    await Promise.all(relays.map(listening));
    return new Desk(netns, directory, relays);
  }

  async remove(): Promise<void> {
    for (const relay of this.relays) relay.stdin?.end();
    await Promise.all(this.relays.map((relay) => relay.exitCode ?? new Promise((resolve) => relay.once('close', resolve))));
    await run('ip', ['netns', 'del', path.basename(this.netns)]);
    await rm(this.directory, { recursive: true, force: true });
  }
}

function listening(relay: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    relay.stdout?.once('data', () => resolve());
    relay.once('error', reject);
    relay.once('close', (code) => reject(new Error(`A relay ended with ${code} before it listened`)));
  });
}
