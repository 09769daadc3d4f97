/** The day-one walk on the whole platform: start, look, change, break, heal, delete. In order; each builds on the last. */
import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxStatus } from '#schema/status';
import { Platform } from './support/platform.ts';

const run = promisify(execFile);
const SANDBOX = 'QA-LOGIN-ERROR';
const ACCOUNT = 'sandbox-qa-login-error-account';

let platform: Platform;
let gateway: string;

beforeAll(async () => {
  platform = await Platform.create('e2e', { firstGoBuild: true });
  await platform.start();
}, 300_000);

afterAll(async () => {
  await platform.destroy();
}, 60_000);

async function status(name = SANDBOX): Promise<SandboxStatus> {
  const document = JSON.parse(await platform.ok(['get', 'sandbox', name, '-o', 'json'])) as { status: SandboxStatus };
  return document.status;
}

/** Every container's id and start, to see that nothing was restarted. */
const containers = async (): Promise<string> =>
  (await platform.dockerCli('ps', '-a', '--no-trunc', '--format', '{{.Names}} {{.ID}}')).split('\n').sort().join('\n');

/** Until no replaced container drains any more: it may serve its open connections for some seconds after Ready. */
async function settled(): Promise<void> {
  const end = Date.now() + 15_000;
  while (/\.(old|next)-/.test(await containers())) {
    if (Date.now() > end) throw new Error(`replaced containers stayed:\n${await containers()}`);
    await sleep(100);
  }
}

const commit: Platform['commit'] = (...args) => platform.commit(...args);

/** Processes of the whole machine whose command line or environment holds one of these texts. */
async function processesThatShow(texts: readonly string[]): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const shown = await Promise.all(
    pids.map(async (pid) => {
      const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      const commandLine = await read('cmdline');
      const everything = `${commandLine}\0${await read('environ')}`;
      return texts.some((text) => everything.includes(text)) ? [`${pid} ${commandLine.slice(0, 100)}`] : [];
    }),
  );
  return shown.flat();
}

async function editVersion(directory: string, change: (text: string) => string): Promise<void> {
  const file = path.join(directory, 'version.go');
  await writeFile(file, change(await readFile(file, 'utf8')));
}

describe('the day-one walk', () => {
  it('leads from one command to a sandbox whose requests go where they should', async () => {
    expect(platform.output).toContain('demo / demo');
    await platform.ok(['login', '-u', 'demo', '--password-stdin'], { input: 'demo\n' });
    gateway = (await status()).gateway?.url ?? '';
    const account = await platform.curl(`${gateway}/account`);
    expect(account).toMatchObject({ status: 200, body: { servedBy: 'sandbox', branch: 'feature/login-error' } });
    const payment = await platform.curl(`${gateway}/payment`);
    expect(payment).toMatchObject({ status: 200, body: { servedBy: 'baseline' } });
  });

  it('says that a service has no branch when a route needs one, and offers it', async () => {
    const refused = await platform.sdp(['route', 'set', SANDBOX, 'payment', 'sandbox']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('payment');
    expect(refused.stderr).toContain('--branch');
  });

  it('moves a service to the sandbox and back, and restarts nothing', async () => {
    await platform.ok(['route', 'set', SANDBOX, 'payment', 'sandbox', '--branch', 'develop', '--wait']);
    expect((await platform.curl(`${gateway}/payment`)).body).toMatchObject({ servedBy: 'sandbox', branch: 'develop' });
    const before = await containers();
    await platform.ok(['route', 'set', SANDBOX, 'payment', 'ocp', '--wait']);
    expect((await platform.curl(`${gateway}/payment`)).body).toMatchObject({ servedBy: 'baseline' });
    expect(await containers()).toBe(before);
  });

  it('brings a container back that somebody removed', async () => {
    await platform.dockerCli('rm', '-f', ACCOUNT);
    const started = Date.now();
    for (;;) {
      if ((await platform.curl(`${gateway}/account`)).status === 200) break;
      if (Date.now() - started > 15_000) throw new Error('it is not back after 15 s');
      await sleep(20);
    }
    console.info(`healed after ${Date.now() - started} ms`);
  });

  it('keeps the running version when a commit does not compile, and says what the compiler said', async () => {
    await platform.ok(['wait', `sandbox/${SANDBOX}`, '--for=condition=Ready', '--timeout', '60s']);
    const loop = platform.requestLoop(`${gateway}/account`);
    await commit('account', 'feature/login-error', (directory) => editVersion(directory, (text) => `${text}\nfunc broken() { return nonsense }\n`), 'does not compile');
    const deployed = await platform.sdp(['deploy', SANDBOX, 'account']);
    expect(deployed.code).toBe(0);
    const end = Date.now() + 60_000;
    let now = await status();
    while (now.services['account']?.state !== 'FAILED' && Date.now() < end) {
      await sleep(200);
      now = await status();
    }
    const answers = await loop.stop();
    expect(now.operation).toBe('FAILED');
    expect(now.services['account']?.message).toMatch(/nonsense|too many return/);
    expect(await platform.ok(['logs', SANDBOX, 'account'])).toMatch(/version\.go:\d+/);
    expect(answers.failures).toEqual([]);
    expect(answers.sent).toBeGreaterThan(20);
  });

  it('takes over with a commit that compiles, without a failed request, and only when asked', async () => {
    const before = (await status()).services['account']?.commit;
    const loop = platform.requestLoop(`${gateway}/account`);
    const head = await commit('account', 'feature/login-error', (directory) => editVersion(directory, (text) => text.replace(/\nfunc broken.*\n/, '\n// mended\n')), 'compiles again');
    await sleep(1000);
    expect((await status()).services['account']?.commit).toBe(before);
    await platform.ok(['deploy', SANDBOX, 'account', '--wait']);
    const answers = await loop.stop();
    expect((await status()).services['account']?.commit).toBe(head);
    expect(answers.failures).toEqual([]);
  });

  it('rolls back to the former commit without a build', async () => {
    const { items } = JSON.parse(`{"items":${await platform.ok(['history', SANDBOX, '-o', 'json'])}}`) as { items: { revision: number }[] };
    // The newest is the good deploy, before it the broken one, before that what ran.
    const former = items[2];
    if (former === undefined) throw new Error('three revisions were expected');
    await platform.ok(['rollback', SANDBOX, String(former.revision), '--wait']);
    const log = await platform.ok(['logs', SANDBOX, 'account']);
    expect(log).not.toContain('[BUILD]');
    expect((await platform.curl(`${gateway}/account`)).status).toBe(200);
  });

  it('goes on after the server was killed during a build, without a login and without building twice', async () => {
    await commit('account', 'feature/login-error', (directory) => editVersion(directory, (text) => `${text}\n// killed during this build\n`), 'slow to build');
    await platform.ok(['deploy', SANDBOX, 'account']);
    const end = Date.now() + 60_000;
    while ((await status()).services['account']?.state !== 'BUILDING' && Date.now() < end) await sleep(10);
    await platform.end('SIGKILL');
    const seconds = await platform.start();
    console.info(`second start after ${seconds.toFixed(1)} s`);
    await platform.ok(['wait', `sandbox/${SANDBOX}`, '--for=condition=Ready', '--timeout', '90s']);
    await settled();
    const names = (await platform.dockerCli('ps', '-a', '--format', '{{.Names}}')).split('\n').filter((name) => name.startsWith(ACCOUNT));
    expect(names).toEqual([ACCOUNT]);
  });

  it('restarts no container for a new catalogue entry, an edited template or its own restart', async () => {
    await settled();
    const before = await containers();
    await platform.ok(['apply', '-f', '-'], {
      input: 'apiVersion: sdp/v1\nkind: Service\nmetadata: {name: ledger}\nspec: {baseline: "https://ledger-dev.sdp-demo.internal:7443"}\n---\ntemplate: EXTRA\nservices:\n  account: {branch: develop}\n',
    });
    await platform.end('SIGINT');
    await platform.start();
    await platform.ok(['wait', `sandbox/${SANDBOX}`, '--for=condition=Ready', '--timeout', '60s']);
    await sleep(2000);
    expect(await containers()).toBe(before);
  });

  it('keeps a person\'s password out of every file, command line and environment', async () => {
    const password = `p%40 "${randomBytes(9).toString('base64')}'é`;
    const usersFile = path.join(platform.root, 'demo', 'git', 'users.json');
    const users = JSON.parse(await readFile(usersFile, 'utf8')) as Record<string, string>;
    await writeFile(usersFile, JSON.stringify({ ...users, second: password }));
    const wrong = await platform.sdp(['login', '-u', 'second', '--password-stdin'], { as: 'second', input: 'wrong\n' });
    expect(wrong.code).toBe(3);
    await platform.ok(['login', '-u', 'second', '--password-stdin'], { as: 'second', input: `${password}\n` });
    const forms = [
      password,
      encodeURIComponent(password),
      Buffer.from(`second:${password}`).toString('base64').slice(0, 24),
      Buffer.from(password).toString('base64').slice(0, 16),
    ];
    let rollingOut = true;
    const rollout = platform
      .ok(['apply', '-f', '-', '--wait'], { as: 'second', input: 'sandbox: SECOND\nservices:\n  user: {branch: develop}\n' })
      .finally(() => (rollingOut = false));
    let looks = 0;
    while (rollingOut) {
      expect(await processesThatShow(forms)).toEqual([]);
      looks += 1;
      await sleep(20);
    }
    await rollout;
    expect(looks).toBeGreaterThan(5);
    expect(await processesThatShow(forms)).toEqual([]);
    for (const form of forms) {
      const found = await run('grep', ['-rlF', '--', form, platform.root]).then(
        ({ stdout }) => stdout,
        (error: { code: number }) => (error.code === 1 ? '' : Promise.reject(error)),
      );
      expect(found, 'files that hold the password').toBe('');
    }
    await platform.ok(['delete', 'sandbox', 'SECOND', '--wait'], { as: 'second' });
  });

  it('deletes a sandbox with everything it had, and keeps its history', async () => {
    await platform.ok(['delete', 'sandbox', SANDBOX, '--wait']);
    expect(await platform.dockerCli('ps', '-a', '--format', '{{.Names}}')).not.toContain('qa-login-error');
    expect(await platform.dockerCli('network', 'ls', '--format', '{{.Name}}')).not.toContain('qa-login-error');
    expect(await platform.ok(['get', 'ports'])).not.toMatch(/qa-login-error/i);
    expect((await platform.ok(['get', 'deployments', '--sandbox', SANDBOX])).length).toBeGreaterThan(0);
    expect((await platform.ok(['history', SANDBOX])).length).toBeGreaterThan(0);
  });
});
