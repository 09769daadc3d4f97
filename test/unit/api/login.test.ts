import { request } from 'node:http';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Throttle } from '#api/auth/throttle';
import { Vault } from '#api/auth/vault';
import { PASSWORD, World } from './support/world.ts';

let world: World;
beforeEach(async () => void (world = await new World().start()));
afterEach(() => world.remove());

describe('login', () => {
  it('accepts what an agent proved by git, and knows the caller afterwards', async () => {
    await world.onlineAgent();
    const token = await world.login();
    const who = await world.call('GET', '/whoami', { token });
    expect(who.body).toMatchObject({ username: 'achmad', canFetch: true, server: { installation: 'test' } });
    expect(world.server.vault.credentialsOf('achmad')).toEqual({ username: 'achmad', password: PASSWORD });
  });

  it('refuses a wrong password and an unknown user with the same words', async () => {
    await world.onlineAgent();
    const wrong = await world.call('POST', '/login', { body: { username: 'achmad', password: 'no' } });
    const unknown = await world.call('POST', '/login', { body: { username: 'nobody', password: 'no' } });
    expect(wrong.status).toBe(401);
    expect(wrong.body).toMatchObject({ code: 'bad_credentials', title: 'User name or password is wrong' });
    expect(unknown.body).toEqual(wrong.body);
    expect(wrong.headers.get('content-type')).toContain('application/problem+json');
  });

  it('says that no agent is online when none can check it', async () => {
    const answer = await world.call('POST', '/login', { body: { username: 'achmad', password: PASSWORD } });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ code: 'node_offline', hint: expect.stringContaining('--local') });
  });

  it('asks another agent when one has trouble of its own', async () => {
    await (await world.agent(() => ({ error: { code: 'internal', message: 'boom' } }), 'a-broken')).online();
    await world.onlineAgent();
    await world.agents[0]?.until(() => world.server.fleet.nodes().filter((node) => node.online).length === 2);
    await expect(world.login()).resolves.toMatch(/^sdp_/);
  });

  it('slows guessing down after five failures, for that name and address alone', async () => {
    await world.onlineAgent();
    for (let i = 0; i < 5; i++) expect((await world.call('POST', '/login', { body: { username: 'eva', password: 'no' } })).status).toBe(401);
    const sixth = await world.call('POST', '/login', { body: { username: 'EVA', password: PASSWORD } });
    expect(sixth.status).toBe(429);
    expect(sixth.body.code).toBe('throttled');
    await expect(world.login('achmad')).resolves.toBeTruthy();
  });

  it('keeps nobody out for longer than a minute, and forgives after a success', async () => {
    let now = 0;
    const throttle = new Throttle(() => now);
    const fail = (): Promise<never> => Promise.reject(new Error('wrong'));
    for (let i = 0; i < 30; i++) {
      await expect(throttle.attempt('eva', fail, () => true)).rejects.toThrow('wrong');
      now += 60_000;
    }
    await expect(throttle.attempt('eva', () => Promise.resolve(1), () => true)).resolves.toBe(1);
    await expect(throttle.attempt('eva', fail, () => true)).rejects.toThrow('wrong');
    await expect(throttle.attempt('eva', () => Promise.resolve(2), () => true)).resolves.toBe(2);
  });

  it('gains nothing by many attempts at once', async () => {
    const throttle = new Throttle(() => 0);
    let tried = 0;
    const attempt = async (): Promise<void> => {
      tried += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('wrong');
    };
    await Promise.allSettled(Array.from({ length: 100 }, () => throttle.attempt('eva', attempt, () => true)));
    expect(tried).toBe(5);
  });

  it('forgets the password with the last session', async () => {
    await world.onlineAgent();
    const [first, second] = [await world.login(), await world.login()];
    await world.call('POST', '/logout', { token: first });
    expect(world.server.vault.credentialsOf('achmad')).toBeDefined();
    expect((await world.call('GET', '/whoami', { token: first })).status).toBe(401);
    await world.call('POST', '/logout', { token: second });
    expect(world.server.vault.credentialsOf('achmad')).toBeUndefined();
  });

  it('forgets a password when its sessions expire', () => {
    let now = 0;
    const vault = new Vault(() => now);
    vault.keep({ username: 'achmad', password: 'x' }, 'hash', 1000);
    expect(vault.credentialsOf('achmad')).toBeDefined();
    now = 1000;
    expect(vault.credentialsOf('achmad')).toBeUndefined();
  });

  it('forgets a password that the git server no longer accepts, and keeps the session', async () => {
    let valid = true;
    await world.onlineAgent((command) => {
      if (command.type === 'login') return { value: { repository: 'account' } };
      return valid ? { value: { branches: [] } } : { error: { code: 'git_auth', message: 'refused' } };
    });
    const token = await world.login();
    expect((await world.call('GET', '/repositories/account/branches', { token })).status).toBe(200);
    valid = false;
    expect((await world.call('GET', '/repositories/account/branches', { token })).body.code).toBe('git_auth');
    expect((await world.call('GET', '/whoami', { token })).body).toMatchObject({ canFetch: false });
  });

  it('leaves the password nowhere: database, logs, stderr', async () => {
    await world.onlineAgent();
    await world.login();
    await world.call('POST', '/login', { body: { username: 'achmad', password: `${PASSWORD}x` } });
    await fetch(`${world.server.url}/api/v1/login`, { method: 'POST', body: `{"username": "achmad", "password": "${PASSWORD}",,}` });
    await world.stop();
    const forms = [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(PASSWORD).toString('base64'), Buffer.from(`achmad:${PASSWORD}`).toString('base64')];
    // The search itself works: the user name is there.
    execFileSync('grep', ['-rqaF', '--', 'achmad', world.directory]);
    for (const form of forms) {
      expect(() => execFileSync('grep', ['-rqaF', '--', form, world.directory], { stdio: 'ignore' })).toThrow();
      expect(world.logged.join('')).not.toContain(form);
    }
    await world.start();
  });

  it('records logins, right and wrong, in the audit', async () => {
    await world.onlineAgent();
    await world.call('POST', '/login', { body: { username: 'eva', password: 'no' } });
    const token = await world.login();
    const { body } = await world.call('GET', '/audit', { token });
    const seen = (body['items'] as { user: string; action: string; outcome: string }[]).map(({ user, action, outcome }) => `${user} ${action} ${outcome}`);
    expect(seen).toContain('achmad login ok');
    expect(seen).toContain('eva login refused');
  });
});

describe('the cookie', () => {
  async function cookie(): Promise<string> {
    await world.onlineAgent();
    const response = await fetch(`${world.server.url}/api/v1/login?cookie=1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'achmad', password: PASSWORD }),
    });
    expect(await response.json()).toMatchObject({ token: '' });
    const header = response.headers.get('set-cookie') ?? '';
    expect(header).toMatch(/^sdp_session=sdp_[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/);
    return header.split(';')[0] ?? '';
  }

  it('reads without more, and changes only from our own pages', async () => {
    const headers = { cookie: await cookie() };
    expect((await world.call('GET', '/whoami', { headers })).status).toBe(200);
    const change = (more: Record<string, string>) => world.call('POST', '/apply?dryRun=true', { yaml: 'sandbox: X\n', headers: { ...headers, ...more } });
    expect((await change({})).body.code).toBe('forbidden');
    expect((await change({ origin: 'https://evil.example' })).body.code).toBe('forbidden');
    expect((await change({ origin: world.server.url })).status).toBe(200);
  });

  it('opens no stream for another site', async () => {
    const value = await cookie();
    const upgrade = (origin: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const url = new URL('/api/v1/stream', world.server.url);
        const headers = { cookie: value, origin, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
        const call = request(url, { headers });
        call.on('response', (response) => resolve(response.statusCode ?? 0));
        call.on('upgrade', (response, socket) => {
          socket.destroy();
          resolve(response.statusCode ?? 0);
        });
        call.on('error', reject);
        call.end();
      });
    expect(await upgrade('https://evil.example')).toBe(403);
    expect(await upgrade(world.server.url)).toBe(101);
  });
});

describe('the local socket', () => {
  function local(socketPath: string, method: string, path: string): Promise<{ status: number; body: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath, method, path: `/api/v1${path}` }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }));
      });
      call.on('error', reject);
      call.end();
    });
  }

  it('makes node tokens as user local, is closed for others, and cannot fetch', async () => {
    await world.stop();
    const socket = join(world.directory, 'sdp.sock');
    await world.start({ localSocket: socket });
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect((await local(socket, 'GET', '/whoami')).body).toMatchObject({ username: 'local', canFetch: false });
    const made = await local(socket, 'POST', '/nodes/micro-9/token');
    expect(made.status).toBe(201);
    expect(await world.store.nodeOfToken((await import('#api/auth/tokens')).hashToken(String(made.body['token'])))).toBe('micro-9');
    const audit = await local(socket, 'GET', '/audit');
    expect(audit.body['items']).toMatchObject([{ user: 'local', action: 'node.token', outcome: 'ok' }]);
  });

  it('lets nobody log in as local', async () => {
    await world.onlineAgent();
    expect((await world.call('POST', '/login', { body: { username: 'Local', password: 'x' } })).body.code).toBe('invalid_request');
  });
});
