/** Fetching from a real git server, and what survives force-pushes and kills. */
import {
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGitRepositories, type LocalRepositories } from '#agents/git/repositories';
import type { RepositoryConfig } from '#agents/contract';
import { git } from '../../support/git-server.ts';
import { createGitWorld, LOGIN, type GitWorld } from '../../support/git-world.ts';
import { recordingReporter } from '../../support/recording-reporter.ts';

const never = (): AbortSignal => new AbortController().signal;
let world: GitWorld;
let account: RepositoryConfig;
let repositories: LocalRepositories;

beforeAll(async () => {
  world = await createGitWorld();
  account = await world.repository('Account', { 'main.go': 'package main\n', 'run.sh': '#!/bin/sh\n' });
  repositories = createGitRepositories({ dataDir: world.dataDir, repositories: [account] });
});
afterAll(() => world.close());

const fetchBranch = (branch: string) => repositories.fetch('account', { branch }, LOGIN, recordingReporter(), never());
const clonePath = (): string => join(world.dataDir, 'git', 'account.git');

function gitPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--git-dir=${clonePath()}`);
      } catch {
        return false;
      }
    });
}

async function until<T>(probe: () => T | undefined | false): Promise<T> {
  for (let tries = 0; tries < 500; tries += 1) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('It did not happen within 5 s.');
}

describe('fetch', () => {
  it('reads the origin without its user info', async () => {
    expect(await repositories.originOf('account')).toBe(world.server.urlOf('Account'));
  });

  it('resolves a branch and tells what it does', async () => {
    const commit = world.push('Account', 'feature/login-error', { 'a.txt': '1' });
    const reporter = recordingReporter();
    const info = await repositories.fetch('account', { branch: 'feature/login-error' }, LOGIN, reporter, never());
    expect(info).toMatchObject({
      commit,
      branch: 'feature/login-error',
      subject: 'Change feature/login-error',
      author: 'Dev Eloper',
    });
    expect(Date.parse(info.authoredAt)).toBeGreaterThan(0);
    expect(reporter.events).toEqual(['FETCH_STARTED', 'FETCH_COMPLETED']);
    expect(reporter.durations).toHaveLength(1);
    expect(reporter.lines[0]).toContain('[FETCH] Fetching origin');
  });

  it('takes a branch name with signs of every kind', async () => {
    const commit = world.push('Account', 'feature/ünï-code#1', { 'a.txt': '2' });
    expect(await fetchBranch('feature/ünï-code#1')).toMatchObject({ commit, branch: 'feature/ünï-code#1' });
  });

  it.each([
    '-x',
    '--upload-pack=touch /tmp/sdp-owned',
    '',
    'a b',
    'a..b',
    '@{-1}',
    'a\nb',
    'x.lock',
    '/a',
    'a~1',
    'HEAD^',
  ])('refuses %j as a branch name', async (name) => {
    await expect(fetchBranch(name)).rejects.toMatchObject({ code: 'bad_branch_name' });
    expect(existsSync('/tmp/sdp-owned')).toBe(false);
  });

  it('names near matches of an unknown branch', async () => {
    const failed = await fetchBranch('feature/login-eror').catch((e: unknown) => e);
    expect(failed).toMatchObject({
      code: 'unknown_branch',
      hint: expect.stringContaining('feature/login-error') as string,
    });
  });

  it('keeps a pinned commit when the branch is force-pushed away', async () => {
    const old = world.push('Account', 'moving', { 'm.txt': 'old' }, { from: 'develop' });
    await fetchBranch('moving');
    const fresh = world.push('Account', 'moving', { 'm.txt': 'new' }, { from: 'develop', force: true });
    expect((await fetchBranch('moving')).commit).toBe(fresh);
    git(clonePath(), 'gc', '--prune=now', '--quiet');
    const target = join(world.folder, 'old-tree');
    await repositories.exportTree('account', old, target, never());
    expect(readFileSync(join(target, 'm.txt'), 'utf8')).toBe('old');
    const byCommit = await repositories.fetch(
      'account',
      { commit: old.slice(0, 10) },
      LOGIN,
      recordingReporter(),
      never(),
    );
    expect(byCommit).toMatchObject({ commit: old, branch: '' });
  });

  it('releases pins that nobody needs, but not of what was fetched just now', async () => {
    const pins = (): string[] => git(clonePath(), 'for-each-ref', '--format=%(refname:lstrip=3)', 'refs/sdp/commits').split('\n').filter((line) => line !== '');
    const kept = world.push('Account', 'keeping', { k: '1' }, { from: 'develop' });
    await fetchBranch('keeping');
    const { commit: other } = await fetchBranch('develop');
    await repositories.releasePins({ Account: [] }, never());
    expect(pins()).toEqual(expect.arrayContaining([kept, other]));
    const restarted = createGitRepositories({ dataDir: world.dataDir, repositories: [account] });
    expect(await restarted.releasePins({ elsewhere: [] }, never())).toBe(0);
    expect(await restarted.releasePins({ Account: [kept] }, never())).toBeGreaterThan(0);
    expect(pins()).toEqual([kept]);
  });

  it('drops a branch that the server dropped, and follows one that became a folder', async () => {
    world.push('Account', 'topic', { t: '1' });
    await fetchBranch('topic');
    git(join(world.folder, 'work', 'Account'), 'push', '--quiet', 'origin', ':refs/heads/topic');
    git(join(world.folder, 'work', 'Account'), 'checkout', '--quiet', 'develop');
    git(join(world.folder, 'work', 'Account'), 'branch', '-D', 'topic');
    const commit = world.push('Account', 'topic/one', { t: '2' });
    expect((await fetchBranch('topic/one')).commit).toBe(commit);
    await expect(fetchBranch('topic')).rejects.toMatchObject({ code: 'unknown_branch' });
  });

  it('refuses a commit that is nowhere', async () => {
    const nowhere = repositories.fetch('account', { commit: 'f'.repeat(40) }, LOGIN, recordingReporter(), never());
    await expect(nowhere).rejects.toMatchObject({ code: 'missing_commit' });
    await expect(
      repositories.exportTree('account', 'f'.repeat(40), join(world.folder, 'nowhere'), never()),
    ).rejects.toMatchObject({ code: 'missing_commit' });
  });

  it('lists branches from the clone, and from the server with a login', async () => {
    const commit = world.push('Account', 'newest', { n: '1' });
    expect((await repositories.branches('account', undefined, never())).map((b) => b.branch)).not.toContain('newest');
    const branches = await repositories.branches('account', LOGIN, never());
    expect(branches.find((b) => b.branch === 'newest')).toMatchObject({ commit, author: 'Dev Eloper' });
    expect(branches.map((b) => b.branch)).toContain('feature/ünï-code#1');
  });

  it('says that a login is needed where nothing was fetched yet', async () => {
    const fresh = createGitRepositories({ dataDir: join(world.folder, 'fresh'), repositories: [account] });
    await expect(fresh.branches('account', undefined, never())).rejects.toMatchObject({ code: 'needs_login' });
  });

  it('serves many at once', async () => {
    const infos = await Promise.all(['develop', 'newest', 'moving', 'develop'].map(fetchBranch));
    expect(infos.map((info) => info.branch)).toEqual(['develop', 'newest', 'moving', 'develop']);
  });

  it("leaves the operator's checkout as it was", () => {
    expect(git(account.path, 'status', '--porcelain')).toBe('');
    expect(git(account.path, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('develop');
    expect(
      readdirSync(join(account.path, '.git')).filter((name) => name.endsWith('.lock') || name === 'FETCH_HEAD'),
    ).toEqual([]);
  });
});

describe('exportTree', () => {
  it('keeps executable bits and symbolic links, and uses no attributes of the machine', async () => {
    const work = join(world.folder, 'work', 'Account');
    git(work, 'checkout', '--quiet', '-B', 'links', 'develop');
    symlinkSync('run.sh', join(work, 'link'));
    writeFileSync(join(work, 'pläin file.txt'), 'text\n');
    const commit = world.push('Account', 'links', {});
    await fetchBranch('links');
    const target = join(world.folder, 'links-tree');
    await repositories.exportTree('account', commit, target, never());
    expect(readdirSync(target).sort()).toEqual(['link', 'main.go', 'pläin file.txt', 'run.sh']);
    expect(statSync(join(target, 'run.sh')).mode & 0o111).toBe(0o111);
    expect(statSync(join(target, 'main.go')).mode & 0o111).toBe(0);
    expect(lstatSync(join(target, 'link')).isSymbolicLink() && readlinkSync(join(target, 'link'))).toBe('run.sh');
    expect(readdirSync(world.folder).filter((name) => name.startsWith('links-tree.'))).toEqual([]);
  });
});

describe('a killed git', () => {
  it('leaves nothing that blocks the next fetch (argo-cd#17623, #27930)', async () => {
    // From a hundred objects on git keeps the pack as it comes; fewer are unpacked, each in memory until it is whole.
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`many/${index}.txt`, `${index}\n`]));
    const commit = world.push('Account', 'heavy', { ...many, 'heavy.bin': randomBytes(3_000_000).toString('hex') });
    world.server.mischief.bytesPerSecond = 1_000_000;
    const running = fetchBranch('heavy').catch((e: unknown) => e);
    const pid = await until(() => gitPids()[0]);
    await until(() =>
      readdirSync(join(clonePath(), 'objects'), { recursive: true }).some((name) => String(name).includes('tmp_pack_')),
    );
    process.kill(-pid, 'SIGKILL');
    expect(await running).toMatchObject({ code: 'fetch_failed' });
    delete world.server.mischief.bytesPerSecond;
    for (const lock of ['packed-refs.lock', 'HEAD.lock', 'refs/heads/heavy.lock', 'shallow.lock'])
      writeFileSync(join(clonePath(), lock), '');
    expect((await fetchBranch('heavy')).commit).toBe(commit);
    const left = readdirSync(clonePath(), { recursive: true })
      .map(String)
      .filter((name) => /\.lock$|tmp_/.test(name));
    expect(left).toEqual([]);
  });

  it('ends with all its helpers when the operation is cancelled', async () => {
    world.push('Account', 'slow', { 'slow.bin': randomBytes(3_000_000).toString('hex') });
    world.server.mischief.bytesPerSecond = 200_000;
    const abort = new AbortController();
    const running = repositories
      .fetch('account', { branch: 'slow' }, LOGIN, recordingReporter(), abort.signal)
      .catch((e: unknown) => e);
    await until(() => gitPids().length > 0);
    abort.abort();
    expect(await running).toMatchObject({ code: 'cancelled' });
    delete world.server.mischief.bytesPerSecond;
    expect(gitPids()).toEqual([]);
    await fetchBranch('slow');
  });

  it('that an earlier agent left running is ended before the clone is written', async () => {
    world.push('Account', 'orphan', { 'orphan.bin': randomBytes(3_000_000).toString('hex') });
    world.server.mischief.bytesPerSecond = 200_000;
    const earlier = fetchBranch('orphan').catch((e: unknown) => e);
    await until(() => gitPids().length > 0);
    delete world.server.mischief.bytesPerSecond;
    const later = createGitRepositories({ dataDir: world.dataDir, repositories: [account] });
    await later.fetch('account', { branch: 'orphan' }, LOGIN, recordingReporter(), never());
    expect(await earlier).toMatchObject({ code: 'fetch_failed' });
  });

  it('is a server that cut the connection, too', async () => {
    world.push('Account', 'cut', { 'cut.bin': randomBytes(1_000_000).toString('hex') });
    world.server.mischief.cutAfter = 300_000;
    await expect(fetchBranch('cut')).rejects.toMatchObject({ code: 'git_unreachable' });
    delete world.server.mischief.cutAfter;
    await fetchBranch('cut');
  });
});

describe("the operator's checkout", () => {
  const one = (path: string) => createGitRepositories({ dataDir: world.dataDir, repositories: [{ ...account, path }] });

  it('is named by its path when it is missing, and nothing is removed (komodo#410)', async () => {
    const path = join(world.folder, 'checkouts', 'missing');
    const failed = await one(path)
      .originOf('account')
      .catch((e: unknown) => e);
    expect(failed).toMatchObject({ code: 'unknown_repository', message: expect.stringContaining(path) as string });
  });

  it('is not looked for in a parent folder', async () => {
    git(world.folder, 'init', '--quiet');
    const path = join(world.folder, 'checkouts');
    await expect(one(path).originOf('account')).rejects.toMatchObject({ code: 'unknown_repository' });
  });

  it('may belong to another user and be reached by a link', async () => {
    const path = join(world.folder, 'linked');
    symlinkSync(account.path, path);
    for (const name of ['', '.git']) chownSync(join(account.path, name), 12_345, 12_345);
    expect(await one(path).originOf('account')).toBe(world.server.urlOf('Account'));
    for (const name of ['', '.git']) chownSync(join(account.path, name), 0, 0);
  });

  it('has an origin, or says that it has none', async () => {
    const path = join(world.folder, 'no-origin');
    git(world.folder, 'init', '--quiet', path);
    expect(await one(path).originOf('account')).toBeUndefined();
    await expect(one(path).checkLogin('account', LOGIN, never())).rejects.toMatchObject({ code: 'unknown_repository' });
  });

  it.each(['git@example.com:x/y.git', 'ssh://git@example.com/x.git', '/srv/x.git', 'ext::sh -c true'])(
    'with the origin %s is refused',
    async (url) => {
      const path = join(world.folder, 'other-origin');
      if (!existsSync(path)) git(world.folder, 'init', '--quiet', path);
      git(path, 'config', 'remote.origin.url', url);
      await expect(one(path).checkLogin('account', LOGIN, never())).rejects.toMatchObject({ code: 'fetch_failed' });
    },
  );
});
