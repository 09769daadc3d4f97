/** Logins against a real git server: right, wrong, odd, and where the password can be seen meanwhile. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGitRepositories, type LocalRepositories } from '#agents/git/repositories';
import type { RepositoryConfig } from '#agents/contract';
import { createGitWorld, LOGIN, type GitWorld } from '../../support/git-world.ts';
import { recordingReporter } from '../../support/recording-reporter.ts';

const never = (): AbortSignal => new AbortController().signal;
const ODD = {
  quotes: `a"b'c\`d$(id)$HOME`,
  spaces: '  leading and trailing  ',
  url: 'p@ss:w/rd%40?#&+=',
  unicode: 'pässwörd-ключ-🔑',
  backslash: 'back\\slash\\n\\t%s%d',
  dash: '-n --help',
  short: 'q',
};
const SECRET = `Zx9!${randomBytes(12).toString('base64url')}+/ %`;

let world: GitWorld;
let account: RepositoryConfig;
let repositories: LocalRepositories;

beforeAll(async () => {
  world = await createGitWorld({ [LOGIN.username]: LOGIN.password, 'user@company.com': SECRET, ...ODD });
  account = await world.repository('account', { 'main.go': 'package main\n' });
  repositories = createGitRepositories({ dataDir: world.dataDir, repositories: [account], loginTimeoutMs: 3_000 });
});
afterAll(() => world.close());

describe('checkLogin', () => {
  it('accepts the right login', async () => {
    await repositories.checkLogin('account', LOGIN, never());
  });

  it.each(Object.entries(ODD))('accepts a password with %s', async (username, password) => {
    await repositories.checkLogin('account', { username, password }, never());
    expect(world.server.logins.at(-1)).toBe(`${username}:${password}`);
  });

  it('refuses a wrong password and a wrong user with the same words', async () => {
    const wrong = { ...LOGIN, password: 'wrong-password' };
    const password = await repositories.checkLogin('account', wrong, never()).catch((e: unknown) => e);
    const user = await repositories
      .checkLogin('account', { ...LOGIN, username: 'nobody' }, never())
      .catch((e: unknown) => e);
    expect(password).toMatchObject({ code: 'git_auth', hint: expect.stringContaining('Log in again') as string });
    expect(String(user)).toBe(String(password));
    expect(String(password)).not.toContain('wrong-password');
  });

  it('refuses a password of two lines before git sees it', async () => {
    const login = repositories.checkLogin('account', { username: 'dev', password: 'a\nb' }, never());
    await expect(login).rejects.toMatchObject({ code: 'git_auth' });
  });

  it.each([
    [403, 'git_auth'],
    [410, 'git_auth'],
    [404, 'unknown_repository'],
    [503, 'git_unreachable'],
    [429, 'git_unreachable'],
    [302, 'fetch_failed'],
  ])('says what status %i of the server means', async (status, code) => {
    Object.assign(world.server.mischief, {
      status,
      location: 'http://127.0.0.1:9/elsewhere.git/info/refs?service=git-upload-pack',
    });
    try {
      await expect(repositories.checkLogin('account', LOGIN, never())).rejects.toMatchObject({ code });
    } finally {
      delete world.server.mischief.status;
    }
  });

  it('gives up on a server that never answers', async () => {
    world.server.mischief.silent = true;
    try {
      await expect(repositories.checkLogin('account', LOGIN, never())).rejects.toMatchObject({
        code: 'git_unreachable',
      });
    } finally {
      delete world.server.mischief.silent;
    }
  });

  it('does not take a repository that anybody may read for a proof', async () => {
    const open = await createGitWorld({});
    try {
      const config = await open.repository('open', { a: 'a' });
      const git = createGitRepositories({ dataDir: open.dataDir, repositories: [config] });
      await expect(git.checkLogin('open', LOGIN, never())).rejects.toMatchObject({ code: 'git_auth' });
    } finally {
      await open.close();
    }
  });

  it('cannot reach a server that is not there', async () => {
    const gone = await createGitWorld();
    const config = await gone.repository('gone', { a: 'a' });
    await gone.server.close();
    const git = createGitRepositories({ dataDir: gone.dataDir, repositories: [config] });
    await expect(git.checkLogin('gone', LOGIN, never())).rejects.toMatchObject({ code: 'git_unreachable' });
    await gone.close();
  });

  it('knows no repository that is not configured', async () => {
    await expect(repositories.checkLogin('nothing', LOGIN, never())).rejects.toMatchObject({
      code: 'unknown_repository',
    });
  });
});

/** Every process of this machine but this one, which holds the test's own copy. */
function processTexts(): { pid: string; text: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
        return [{ pid, text }];
      } catch {
        return [];
      }
    });
}

describe('the password during a fetch', () => {
  it('is in no command line, no environment, no file and no message', async () => {
    world.push('account', 'big', { 'big.bin': randomBytes(2_000_000).toString('hex') });
    world.server.mischief.bytesPerSecond = 2_000_000;
    const reporter = recordingReporter();
    const credentials = { username: 'user@company.com', password: SECRET };
    const forms = [
      SECRET,
      encodeURIComponent(SECRET),
      Buffer.from(SECRET).toString('base64'),
      Buffer.from(`user@company.com:${SECRET}`).toString('base64'),
    ];
    const leaks: string[] = [];
    let seenGit = 0;
    let running = true;
    const watch = async (): Promise<void> => {
      while (running) {
        for (const { pid, text } of processTexts()) {
          if (text.includes('remote-http')) seenGit += 1;
          for (const form of forms) if (text.includes(form)) leaks.push(pid);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const watching = watch();
    await repositories.fetch('account', { branch: 'big' }, credentials, reporter, never());
    running = false;
    await watching;
    delete world.server.mischief.bytesPerSecond;
    expect(seenGit).toBeGreaterThan(5);
    expect(leaks).toEqual([]);
    expect(forms.filter((form) => reporter.lines.join('\n').includes(form))).toEqual([]);
    for (const form of forms) {
      const grep = spawnSync('grep', ['-rlF', '--', form, world.dataDir, account.path], { encoding: 'utf8' });
      expect(grep).toMatchObject({ status: 1, stdout: '' });
    }
  });
});
