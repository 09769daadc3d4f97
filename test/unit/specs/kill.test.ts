import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadMasterKeys } from '#specs/master-key';
import { openStore } from '#specs/open-store';

const root = new URL('../../../', import.meta.url).pathname;
let folder = '';

/** A process that writes without end, and prints each name once the store accepted it. */
const WRITER = `
import { loadMasterKeys } from '#specs/master-key';
import { openStore } from '#specs/open-store';
const [folder, run] = process.argv.slice(2);
const store = await openStore({ url: 'sqlite:' + folder + '/sdp.db', masterKeys: await loadMasterKeys(folder + '/key') });
for (let index = 0; ; index += 10) {
  await Promise.all(Array.from({ length: 10 }, async (_, offset) => {
    const name = 'r' + run + '-' + (index + offset);
    await store.apply([{ draft: { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name }, spec: {} } }], { user: 'ana' });
    process.stdout.write(name + '\\n');
  }));
}
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdp-kill-'));
  await build({
    stdin: { contents: WRITER, resolveDir: root, loader: 'ts' },
    outfile: join(folder, 'writer.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  // The bundle lies outside of the repository, where Node would not find its packages.
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the writer, kills it after some accepted writes, and answers what it said was accepted. */
async function writeAndKill(run: number, after: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(folder, 'writer.mjs'), folder, String(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const accepted: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    accepted.push(line);
    if (accepted.length === after) child.kill('SIGKILL');
  }
  await ended;
  return accepted;
}

describe('a store whose process is killed', () => {
  it('has every write that it accepted, each with its revision', async () => {
    const accepted: string[] = [];
    for (let run = 0; run < 4; run++) accepted.push(...(await writeAndKill(run, 15 + ((randomBytes(1)[0] ?? 0) % 60))));
    expect(accepted.length).toBeGreaterThan(60);
    const store = await openStore({
      url: `sqlite:${join(folder, 'sdp.db')}`,
      masterKeys: await loadMasterKeys(join(folder, 'key')),
    });
    const stored = await store.list('Sandbox');
    const names = new Set(stored.map(({ metadata }) => metadata.name));
    expect(accepted.filter((name) => !names.has(name))).toEqual([]);
    for (const { metadata } of stored) expect(await store.revisions('Sandbox', metadata.name)).toHaveLength(1);
    const versions = stored.map(({ metadata }) => metadata.resourceVersion).sort((left, right) => left - right);
    expect(versions).toEqual(versions.map((_, index) => index + 1));
    await store.close();
  });
});
