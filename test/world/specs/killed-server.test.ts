/**
 * `kill -9` of a process whose store 200 writers use, again and again: everything acknowledged is there, in order.
 * SDP_KILL_ROUNDS says how often; 4 by default.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '#specs/open-store';
import { startPostgres, type Postgres } from '../support/postgres.ts';

const ROUNDS = Number(process.env['SDP_KILL_ROUNDS'] ?? 4);
const root = path.resolve(import.meta.dirname, '../../..');
let folder = '';
let postgres: Postgres;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sdp-killed-'));
  postgres = await startPostgres();
  postgres.create('sdp');
  await build({ entryPoints: [path.join(import.meta.dirname, 'store-writer.ts')], outfile: path.join(folder, 'writer.mjs'), bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external', absWorkingDir: root });
  // The bundle lies outside of the repository, where Node would not find its packages.
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
});
afterAll(async () => {
  await postgres.remove();
  rmSync(folder, { recursive: true });
});

interface Acknowledged {
  name: string;
  version: number;
}

/** Lets it write for a while after its first acknowledgement, kills it, and answers what it had acknowledged. */
async function writeAndKill(url: string, round: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [path.join(folder, 'writer.mjs'), url, path.join(folder, 'key'), `r${round}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') continue;
    const [name = '', version = ''] = line.split(' ');
    if (acknowledged.length === 0) setTimeout(() => child.kill('SIGKILL'), 20 + Math.random() * 250);
    acknowledged.push({ name, version: Number(version) });
  }
  await ended;
  return acknowledged;
}

describe.each([
  ['SQLite', () => `sqlite:${path.join(folder, 'sdp.db')}`],
  ['PostgreSQL', () => postgres.url('sdp')],
])('a process killed under 200 writers on %s', (engine, url) => {
  it(`keeps every acknowledged write, in order, over ${ROUNDS} rounds`, { timeout: 60_000 + ROUNDS * 20_000 }, async () => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < ROUNDS; round += 1) acknowledged.push(...(await writeAndKill(url(), round)));
    const store = await openStore({ url: url(), masterKeys: { file: path.join(folder, 'key') } });
    try {
      const stored = new Map((await store.list('Sandbox')).map(({ metadata }) => [metadata.name, metadata]));
      expect(acknowledged.filter(({ name, version }) => stored.get(name)?.resourceVersion !== version)).toEqual([]);
      const versions = [...stored.values()].map(({ resourceVersion }) => resourceVersion).sort((a, b) => a - b);
      expect(versions).toEqual(versions.map((_, index) => index + 1));
      expect(acknowledged.length).toBeGreaterThan(ROUNDS * 10);
      // Of one writer, what came later has the higher version.
      const last = new Map<string, number>();
      for (const { name, version } of acknowledged) {
        const writer = name.replace(/-\d+$/, '');
        expect(version).toBeGreaterThan(last.get(writer) ?? 0);
        last.set(writer, version);
      }
      for (const { name } of acknowledged.slice(-20)) expect(await store.revisions('Sandbox', name)).toHaveLength(1);
      console.log(`${engine}: ${ROUNDS} rounds, ${acknowledged.length} acknowledged, ${stored.size} stored, none lost`);
    } finally {
      await store.close();
    }
  });
});
