/** An agent killed with SIGKILL during a fetch, and the one that is started after it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGitRepositories } from '#agents/git/repositories';
import { createGitWorld, LOGIN, type GitWorld } from '../../support/git-world.ts';
import { recordingReporter } from '../../support/recording-reporter.ts';

let world: GitWorld;
beforeAll(async () => {
  world = await createGitWorld();
});
afterAll(() => world.close());

it('leaves a clone that the next agent fetches into, and no git running (argo-cd#17623)', async () => {
  const config = await world.repository('account', { 'main.go': 'package main\n' });
  // From a hundred objects on git keeps the pack as it comes; fewer are unpacked, each in memory until it is whole.
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`many/${index}.txt`, `${index}\n`]));
  const commit = world.push('account', 'heavy', { ...many, 'heavy.bin': randomBytes(4_000_000).toString('hex') });
  const script = join(world.folder, 'agent.mjs');
  await build({
    stdin: {
      contents: `
        import { createGitRepositories } from '#agents/git/repositories';
        const options = JSON.parse(process.env.OPTIONS ?? '');
        const reporter = { event() {}, log() {} };
        const { signal } = new AbortController();
        await createGitRepositories(options).fetch('account', { branch: 'heavy' }, options.login, reporter, signal);`,
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
    logLevel: 'silent',
  });
  const options = { dataDir: world.dataDir, repositories: [config] };
  const env = { PATH: process.env['PATH'] ?? '', OPTIONS: JSON.stringify({ ...options, login: LOGIN }) };
  world.server.mischief.bytesPerSecond = 400_000;
  const agent = spawn(process.execPath, [script], { env, stdio: 'inherit' });
  const ended = new Promise((resolve) => agent.on('exit', (_, signal) => resolve(signal)));

  const clone = join(world.dataDir, 'git', 'account.git');
  const receiving = (): boolean => {
    try {
      return readdirSync(join(clone, 'objects'), { recursive: true }).some((name) => String(name).includes('tmp_pack_'));
    } catch {
      return false;
    }
  };
  for (let tries = 0; !receiving() && tries < 1_000; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(receiving()).toBe(true);
  agent.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
  writeFileSync(join(clone, 'packed-refs.lock'), '');

  delete world.server.mischief.bytesPerSecond;
  const { signal } = new AbortController();
  const next = createGitRepositories(options);
  expect(await next.fetch('account', { branch: 'heavy' }, LOGIN, recordingReporter(), signal)).toMatchObject({
    commit,
  });
  const running = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(clone);
    } catch {
      return false;
    }
  });
  expect(running).toEqual([]);
});
