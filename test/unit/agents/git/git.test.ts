import { describe, expect, it } from 'vitest';
import { askpassTexts, secretsOf } from '#agents/git/askpass';
import { fetchArgs, gitArgv, gitConfigEnv, gitEnv, lsRemoteArgs } from '#agents/git/git-command';
import { gitError, lastLines } from '#agents/git/git-error';
import { defaultBranchIn } from '#agents/git/head';
import { createMutex } from '#agents/git/mutex';
import { nearMatches } from '#agents/git/near-matches';
import { originProblem, withoutUserInfo } from '#agents/git/origin';
import { thinProgress } from '#agents/git/progress';

const URL_ = 'https://git.example.com/scm/account.git';

describe('the call of git', () => {
  it('puts data after --end-of-options and fetches heads and tags only', () => {
    expect(fetchArgs('--upload-pack=x').slice(-4)).toEqual([
      '--end-of-options',
      '--upload-pack=x',
      '+refs/heads/*:refs/heads/*',
      '+refs/tags/*:refs/tags/*',
    ]);
    expect(fetchArgs(URL_).some((arg) => arg.startsWith('--depth'))).toBe(false);
    expect(lsRemoteArgs('-x').slice(-3)).toEqual(['--end-of-options', '-x', 'HEAD']);
  });

  it('lets no hooks, helpers, redirects or automatic gc in', () => {
    const argv = gitArgv('/data/git/account.git', ['fetch']).join(' ');
    for (const setting of [
      'core.hooksPath=/dev/null',
      'credential.helper=',
      'http.followRedirects=false',
      'gc.auto=0',
      'submodule.recurse=false',
    ]) {
      expect(argv).toContain(`-c ${setting}`);
    }
    expect(argv.startsWith('git --git-dir=/data/git/account.git ')).toBe(true);
  });

  it('has an environment of its own, without a protocol unless one is given', () => {
    expect(gitEnv({ path: '/bin' })).toMatchObject({
      PATH: '/bin',
      HOME: '/nonexistent',
      GIT_ALLOW_PROTOCOL: 'none',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
    });
    expect(gitEnv({ path: '/bin', protocol: 'https', askpass: '/a' })).toMatchObject({
      GIT_ALLOW_PROTOCOL: 'https',
      GIT_ASKPASS: '/a',
    });
  });

  it('has the same settings where another program starts it', () => {
    const env = gitConfigEnv(['url.http://host:1/.insteadOf=https://host/']);
    const last = Number(env['GIT_CONFIG_COUNT']) - 1;
    expect([env[`GIT_CONFIG_KEY_${last}`], env[`GIT_CONFIG_VALUE_${last}`]]).toEqual([
      'url.http://host:1/.insteadOf',
      'https://host/',
    ]);
    expect(Object.values(env)).toContain('core.hooksPath');
  });

  it('refuses logins that are not one line each', () => {
    for (const [username, password] of [
      ['', 'x'],
      ['x', ''],
      ['a\nb', 'x'],
      ['x', 'a\rb'],
      ['x', 'a\0b'],
    ] as const) {
      expect(() => askpassTexts({ username, password })).toThrow(expect.objectContaining({ code: 'git_auth' }));
    }
    expect(secretsOf({ username: 'u', password: 'p' })).toEqual(['p', 'u:p']);
  });
});

describe('gitError', () => {
  it.each([
    [`fatal: Authentication failed for '${URL_}/'`, 'git_auth'],
    [`fatal: unable to access '${URL_}/': The requested URL returned error: 401`, 'git_auth'],
    [`fatal: unable to access '${URL_}/': The requested URL returned error: 403`, 'git_auth'],
    [`fatal: unable to access '${URL_}/': The requested URL returned error: 410`, 'git_auth'],
    [`fatal: could not read Username for 'https://git.example.com': terminal prompts disabled`, 'git_auth'],
    [`remote: Not Found\nfatal: repository '${URL_}/' not found`, 'unknown_repository'],
    [`fatal: unable to access '${URL_}/': Could not resolve host: git.example.com`, 'git_unreachable'],
    [
      `fatal: unable to access '${URL_}/': Failed to connect to git.example.com port 443 after 3 ms: Couldn't connect to server`,
      'git_unreachable',
    ],
    [`fatal: unable to access '${URL_}/': The requested URL returned error: 503`, 'git_unreachable'],
    [
      `error: RPC failed; curl 18 transfer closed with outstanding read data remaining\nfatal: early EOF`,
      'git_unreachable',
    ],
    [
      `fatal: unable to access '${URL_}/': server certificate verification failed. CAfile: none CRLfile: none`,
      'git_unreachable',
    ],
    [`fatal: unable to update url base from redirection:\n  asked for: x\n   redirect: y`, 'fetch_failed'],
    [`fatal: write error: No space left on device`, 'disk_full'],
    [
      `error: cannot exec '/data/git/askpass.sh': Permission denied\nfatal: could not read Username for 'x'`,
      'fetch_failed',
    ],
    [`fatal: something new`, 'fetch_failed'],
    ['', 'fetch_failed'],
  ])('%s', (stderr, code) => {
    const error = gitError('account', URL_, stderr);
    expect(error.code).toBe(code);
    expect(error.message).toContain('account');
  });

  it('says the same whatever part of a login is wrong', () => {
    const texts = ['error: 401', 'error: 403', 'error: 410'].map(
      (text) => gitError('account', URL_, `The requested URL returned ${text}`).message,
    );
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).not.toMatch(/password|user name/i);
  });

  it('keeps the last lines without progress', () => {
    expect(lastLines('remote: Counting objects: 50% (1/2)\rReceiving objects: 10% (1/10)\nfatal: x\n')).toBe(
      'fatal: x',
    );
  });
});

describe('origins', () => {
  it.each([
    ['https://user:pw@host/x.git', 'https://host/x.git'],
    ['https://user:p@w@host:8443/x.git', 'https://host:8443/x.git'],
    ['https://token@host/x@y.git', 'https://host/x@y.git'],
    ['https://host/x@y.git', 'https://host/x@y.git'],
  ])('%s loses its login', (url, expected) => expect(withoutUserInfo(url)).toBe(expected));

  it('are http or https', () => {
    expect(originProblem('https://host/x', ['http', 'https'])).toBeUndefined();
    for (const url of ['git@host:x', '/srv/x', 'file:///x', 'ssh://host/x', 'ext::sh -c x', '-x', '../x']) {
      expect(originProblem(url, ['http', 'https'])).toContain(url);
    }
  });

  it('tell their default branch', () => {
    expect(defaultBranchIn('ref: refs/heads/main\tHEAD\nabc\tHEAD\n')).toBe('main');
    expect(defaultBranchIn('abc\tHEAD\n')).toBeUndefined();
  });
});

describe('nearMatches', () => {
  const names = ['develop', 'main', 'feature/login-error', 'feature/payments', 'release/1.2'];
  it.each([
    ['feature/login-eror', ['feature/login-error']],
    ['login-error', ['feature/login-error']],
    ['Develop', ['develop']],
    ['refs/heads/main', ['main']],
    ['zzzzzzzz', []],
  ])('%s', (wanted, expected) => expect(nearMatches(wanted, names)).toEqual(expected));
});

describe('progress', () => {
  it('is a line a second, and the last of each step', () => {
    const lines: string[] = [];
    let now = 0;
    const log = thinProgress(
      (line) => lines.push(line),
      () => now,
    );
    for (now = 0; now < 2_500; now += 100) log(`Receiving objects: ${Math.floor(now / 25)}% (1/2)`);
    log('Receiving objects: 100% (2/2), done.');
    log('From https://host/x');
    expect(lines.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'Receiving objects: 0%',
      'Receiving objects: 40%',
      'Receiving objects: 80%',
      'Receiving objects: 100%',
      'From https://host/x',
    ]);
  });
});

describe('refs', () => {
  it('are not all listed when there are thousands', () => {
    const lines: string[] = [];
    const log = thinProgress((line) => lines.push(line));
    for (let index = 0; index < 3_000; index += 1) log(` * [new branch]      b${index} -> b${index}`);
    log(' - [deleted]         (none)     -> old');
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('... and more refs');
  });
});

describe('the lock of a clone', () => {
  it('lets one work at a time, goes on after a failure, and skips who gave up waiting', async () => {
    const lock = createMutex();
    const log: string[] = [];
    const wait = new AbortController();
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push(`${name} ends`);
      if (name === 'b') throw new Error('b');
      return name;
    };
    const never = new AbortController().signal;
    const a = lock(work('a'), never);
    const b = lock(work('b'), never);
    const c = lock(work('c'), wait.signal);
    const d = lock(work('d'), never);
    wait.abort();
    expect(await Promise.allSettled([a, b, c, d])).toMatchObject([
      { value: 'a' },
      { reason: { message: 'b' } },
      { reason: { code: 'cancelled' } },
      { value: 'd' },
    ]);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'd begins', 'd ends']);
  });
});
