import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitServer, type GitServer } from '#examples/demo/git-server';
import { setGitUser } from '#examples/demo/git-users';
import { ensureCheckouts, ensureRepositories } from '#examples/demo/repositories';

const examples = new URL('../../../examples/demo', import.meta.url).pathname;
let root = '';
let server: GitServer;

interface Outcome {
  code: number;
  output: string;
}

function git(args: string[], cwd = root): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], HOME: root, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' } as unknown as NodeJS.ProcessEnv;
    execFile('git', args, { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

const urlFor = (login: string, repository: string): string =>
  server.urlOf(repository).replace('http://', `http://${login}@`);

async function heads(gitDir: string): Promise<Record<string, string>> {
  const { output } = await git(['--git-dir', gitDir, 'for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads']);
  return Object.fromEntries(output.trim().split('\n').map((line) => line.split(' ') as [string, string]));
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sdp-demo-git-'));
  await ensureRepositories(examples, join(root, 'repositories'));
  await setGitUser(join(root, 'users.json'), 'demo', 'demo');
  server = await startGitServer({
    repositories: join(root, 'repositories'),
    users: join(root, 'users.json'),
    port: 0,
    log: () => undefined,
  });
});

afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

describe('git server of the demo', () => {
  it('lets a person with the right password clone', async () => {
    const cloned = await git(['clone', '--branch', 'feature/login-error', urlFor('demo:demo', 'account'), 'clone']);
    expect(cloned).toMatchObject({ code: 0 });
    expect(await readFile(join(root, 'clone', 'version.go'), 'utf8')).toContain('"feature/login-error"');
    expect(await readFile(join(root, 'clone', 'login.go'), 'utf8')).toContain('StatusUnauthorized');
  });

  it.each([
    ['a wrong password', 'demo:wrong'],
    ['an unknown person', 'nobody:demo'],
    ['a name that every object has', 'constructor:demo'],
  ])('refuses %s with 401', async (_what, login) => {
    expect(await git(['ls-remote', urlFor(login, 'account')])).toMatchObject({ code: 128 });
    const answer = await fetch(`${server.urlOf('account')}/info/refs?service=git-upload-pack`, {
      headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
    });
    expect(answer.status).toBe(401);
  });

  it('asks for a login with a challenge when none is given', async () => {
    const answer = await fetch(`${server.urlOf('account')}/info/refs?service=git-upload-pack`);
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="demo git"']);
  });

  it('answers 404 for an unknown repository and for paths that leave the folder', async () => {
    const headers = { authorization: `Basic ${Buffer.from('demo:demo').toString('base64')}` };
    for (const path of ['/scm/other.git/info/refs', '/scm/..%2faccount.git/info/refs', '/users.json', '/']) {
      const answer = await fetch(new URL(path, server.urlOf('account')), { headers });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect((await git(['ls-remote', urlFor('demo:demo', 'other')])).output).toContain('not found');
  });

  it('takes pushes of authenticated people', async () => {
    await git(['clone', urlFor('demo:demo', 'payment'), 'push']);
    await writeFile(join(root, 'push', 'NEWS.md'), 'x'.repeat(3_000_000));
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@localhost'];
    await git(['add', 'NEWS.md'], join(root, 'push'));
    await git([...identity, 'commit', '-qm', 'News'], join(root, 'push'));
    expect(await git(['push', 'origin', 'develop'], join(root, 'push'))).toMatchObject({ code: 0 });
    const remote = await git(['ls-remote', urlFor('demo:demo', 'payment'), 'develop']);
    expect(remote.output).toContain((await git(['rev-parse', 'HEAD'], join(root, 'push'))).output.trim());
  });

  it('lets people in that are added while it runs, and keeps no password that was written in plain', async () => {
    const users = JSON.parse(await readFile(join(root, 'users.json'), 'utf8')) as Record<string, string>;
    await writeFile(join(root, 'users.json'), JSON.stringify({ ...users, sari: 'pässwörd: 1' }));
    const login = `sari:${encodeURIComponent('pässwörd: 1')}`;
    expect(await git(['ls-remote', urlFor(login, 'account')])).toMatchObject({ code: 0 });
    expect(await readFile(join(root, 'users.json'), 'utf8')).not.toContain('pässwörd');
    expect((await stat(join(root, 'users.json'))).mode & 0o077).toBe(0);
    expect(await git(['ls-remote', urlFor(login, 'account')])).toMatchObject({ code: 0 });
    await setGitUser(join(root, 'users.json'), 'sari', 'another');
    expect(await git(['ls-remote', urlFor(login, 'account')])).toMatchObject({ code: 128 });
  });

  it('makes the same commits again from the same sources', async () => {
    await ensureRepositories(examples, join(root, 'again'));
    const first = await heads(join(root, 'repositories', 'account.git'));
    expect(Object.keys(first).sort()).toEqual(['develop', 'feature/login-error']);
    expect(await heads(join(root, 'again', 'account.git'))).toEqual(first);
  });

  it('keeps what was pushed when the demo starts again', async () => {
    const before = await heads(join(root, 'repositories', 'payment.git'));
    await ensureRepositories(examples, join(root, 'repositories'));
    expect(await heads(join(root, 'repositories', 'payment.git'))).toEqual(before);
  });

  it('leaves no credentials in the checkouts, and follows a changed address', async () => {
    const places = [join(root, 'checkouts'), join(root, 'repositories')] as const;
    await ensureCheckouts(...places, (name) => `http://127.0.0.1:1/scm/${name}.git`);
    await ensureCheckouts(...places, server.urlOf);
    for (const name of ['account', 'payment', 'user', 'api-gateway']) {
      const config = await readFile(join(root, 'checkouts', name, '.git', 'config'), 'utf8');
      expect(config).toContain(`url = ${server.urlOf(name)}`);
      expect(config).not.toContain('@');
    }
    expect((await git(['status', '--porcelain', '--branch'], join(root, 'checkouts', 'user'))).output).toMatch(
      /^## develop/,
    );
  });

  it('says which port is held when it cannot listen', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(
      startGitServer({ repositories: root, users: join(root, 'users.json'), port, log: () => undefined }),
    ).rejects.toThrow(`127.0.0.1:${port}`);
    await new Promise((resolve) => holder.close(resolve));
  });
});
