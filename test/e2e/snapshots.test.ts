/** Snapshots and clones on the whole platform, with nobody logged in: the same commits, the same images. In order. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxStatus } from '#schema/status';
import { Platform } from './support/platform.ts';

const SANDBOX = `sandbox: SNAP
services:
  account: {branch: feature/login-error}
  payment: {use_ocp: true}
environments: [snap-env]
`;
const environment = (level: string, secret: string): string =>
  `apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: snap-env}\nspec: {variables: {SNAP_LEVEL: ${level}}, secrets: {SNAP_SECRET: ${secret}}}\n`;

let platform: Platform;
let commit: string;
let image: string;

beforeAll(async () => {
  platform = await Platform.create('snap');
  await platform.start();
}, 300_000);

afterAll(async () => {
  await platform.destroy();
}, 60_000);

/** On the server's own host, as nobody whose login could fetch. */
const local = (...args: string[]): Promise<string> => platform.ok(['--local', ...args]);

async function status(name: string): Promise<SandboxStatus> {
  return (JSON.parse(await local('get', 'sandbox', name, '-o', 'json')) as { status: SandboxStatus }).status;
}

const inspect = (sandbox: string, format: string): Promise<string> => platform.dockerCli('inspect', '-f', format, `sandbox-${sandbox}-account`);
const imageOf = async (sandbox: string): Promise<string> => (await inspect(sandbox, '{{.Image}}')).trim();
const settings = async (sandbox: string): Promise<string[]> =>
  (await inspect(sandbox, '{{join .Config.Env "\\n"}}')).split('\n').filter((line) => line.startsWith('SNAP_')).sort();
const hasImage = async (): Promise<boolean> => (await platform.dockerCli('images', '-aq', '--no-trunc')).includes(image);

/** Events of all deployments of a sandbox that began after a moment. */
async function eventsOf(sandbox: string, since: string): Promise<string[]> {
  const deployments = JSON.parse(await local('get', 'deployments', '--sandbox', sandbox, '-o', 'json')) as { id: string; startedAt: string }[];
  const events: string[] = [];
  for (const { id } of deployments.filter(({ startedAt }) => startedAt >= since)) {
    const { stdout } = await platform.run('curl', ['-s', '--unix-socket', path.join(platform.root, 'sdp.sock'), `http://sdp/api/v1/deployments/${id}`]);
    events.push(...(JSON.parse(stdout) as { events: { event: string }[] }).events.map(({ event }) => event));
  }
  return events;
}

const fetchedOrBuilt = (events: readonly string[]): string[] => events.filter((event) => /^(FETCH|BUILD|IMAGE|CHECKOUT)_/.test(event));

describe('snapshots and clones', () => {
  it('keep a sandbox as it runs', async () => {
    await platform.ok(['login', '-u', 'demo', '--password-stdin'], { input: 'demo\n' });
    commit = await platform.commit('account', 'feature/login-error', async (directory) => {
      const file = path.join(directory, 'version.go');
      await writeFile(file, `${await readFile(file, 'utf8')}\n// only in this test\n`);
    }, 'Say why the login failed');
    await platform.ok(['apply', '-f', '-', '--wait'], { input: `${environment('debug', 'canary-one')}---\n${SANDBOX}` });
    expect((await status('SNAP')).services['account']?.commit).toBe(commit);
    image = await imageOf('snap');
    const taken = await platform.ok(['snapshot', 'SNAP', '--name', 's1', '-m', 'works']);
    expect(taken).toBe('snapshot/s1 taken: 2 of 2 services at a commit\n');
    const described = await platform.ok(['describe', 'snapshot', 's1']);
    expect(described).toContain(commit.slice(0, 8));
    expect(described).toContain(image.replace('sha256:', '').slice(0, 12));
    expect(described).toContain('Say why the login failed');
    expect(described).not.toContain('canary');
  });

  it('bring it back with the same commits, images, settings and routes, without fetch, build or login', async () => {
    const before = await settings('snap');
    expect(before).toEqual(['SNAP_LEVEL=debug', 'SNAP_SECRET=canary-one']);
    await platform.ok(['apply', '-f', '-', '--wait'], {
      input: `${environment('trace', 'canary-two')}---\n${SANDBOX.replace('feature/login-error', 'develop')}---\naccount: {target: ocp}\n`,
    });
    expect(await imageOf('snap')).not.toBe(image);
    expect(await settings('snap')).toEqual(['SNAP_LEVEL=trace', 'SNAP_SECRET=canary-two']);
    const differs = await platform.sdp(['diff', 'snapshot/s1']);
    expect(differs.code).toBe(1);
    expect(differs.stdout).toContain('sandbox.spec.services.account.branch');
    await platform.ok(['logout']);
    const since = new Date().toISOString();
    expect(await local('restore', 's1', '--dry-run')).toContain('replace account');
    await local('restore', 's1', '--wait');
    expect((await status('SNAP')).services['account']).toMatchObject({ commit, route: { target: 'sandbox' } });
    expect(await imageOf('snap')).toBe(image);
    expect(await settings('snap')).toEqual(before);
    const events = await eventsOf('SNAP', since);
    expect(events).toContain('DEPLOY_COMPLETED');
    expect(fetchedOrBuilt(events)).toEqual([]);
    expect(await local('diff', 'snapshot/s1')).toContain('is as snapshot s1 has it');
  });

  it('make further sandboxes of it on ports of their own, without fetch, build or login', async () => {
    const since = new Date().toISOString();
    await local('clone', 'SNAP', 'SNAP-TWO');
    await local('restore', 's1', '--as', 'SNAP-NEW', '--wait');
    await local('wait', 'sandbox/SNAP-TWO', '--for=condition=Ready', '--timeout', '60s');
    const urls = new Set<string | undefined>();
    for (const name of ['SNAP', 'SNAP-TWO', 'SNAP-NEW']) {
      const { gateway, services } = await status(name);
      urls.add(gateway?.url);
      expect(services['account']?.commit).toBe(commit);
      expect(await imageOf(name.toLowerCase())).toBe(image);
      if (name !== 'SNAP') expect(fetchedOrBuilt(await eventsOf(name, since))).toEqual([]);
    }
    expect(urls.size).toBe(3);
  });

  it('keep the images when the sandboxes go, and are built anew from kept commits where an image is lost', async () => {
    await Promise.all(['SNAP', 'SNAP-TWO', 'SNAP-NEW'].map((name) => local('delete', 'sandbox', name, '--wait')));
    await local('images', 'prune');
    expect(await hasImage()).toBe(true);
    await platform.dockerCli('rmi', '-f', image);
    const since = new Date().toISOString();
    await local('restore', 's1', '--wait');
    const events = await eventsOf('SNAP', since);
    expect(events).toContain('BUILD_COMPLETED');
    expect(events.filter((event) => event.startsWith('FETCH_'))).toEqual([]);
    image = await imageOf('snap');
  });

  it('let the images go with the last snapshot that refers to them', async () => {
    await local('delete', 'sandbox', 'SNAP', '--wait');
    await local('delete', 'snapshot', 's1');
    expect(await local('images', 'prune')).toContain(`sdp/account:${commit.slice(0, 12)}`);
    expect(await hasImage()).toBe(false);
  });
});
