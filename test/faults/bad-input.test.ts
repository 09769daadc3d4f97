/** What people get wrong and what is in the way: refused or named in plain words, and whatever runs keeps running. */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxStatus } from '#schema/status';
import { Platform, type Ran } from '../e2e/support/platform.ts';
import { condition, login, push, sandboxes, statusOf, until } from './support/helpers.ts';

const RUNTIME = 'sdp-demo/runtime:1';
/** In the gateways' range; held by a foreign process before the edge begins. */
const FOREIGN_PORT = 8081;
const LISTEN = `require('node:net').createServer().listen(${FOREIGN_PORT}, '127.0.0.1', () => console.log('listening'))`;
/** A sandbox whose account is given bad commits. */
const SANDBOX = 'FAULTS';
const ACCOUNT = 'sandbox-faults-account';
const BRANCH = 'fault/one';

let platform: Platform;
let foreignProcess: ChildProcess;

beforeAll(async () => {
  platform = await Platform.create('faults-input');
  foreignProcess = platform.spawn('node', ['-e', LISTEN]);
  await new Promise((resolve) => foreignProcess.stdout?.once('data', resolve));
  await platform.start();
  await login(platform);
}, 300_000);

afterAll(async () => {
  foreignProcess.kill('SIGKILL');
  await platform.destroy();
}, 60_000);

const apply = (input: string, ...args: string[]): Promise<Ran> => platform.sdp(['apply', '-f', '-', ...args], { input });
const status = (name = SANDBOX): Promise<SandboxStatus> => statusOf(platform, name);
const idOf = async (container: string): Promise<string> => (await platform.dockerCli('inspect', '-f', '{{.Id}} {{.State.Status}} {{.State.StartedAt}}', container)).trim();
const ready = (name: string): Promise<string> => platform.ok(['--local', 'wait', `sandbox/${name}`, '--for=condition=Ready', '--timeout', '60s']);

/** Every container by id and start: to see that nothing was stopped or restarted. */
async function everyContainer(): Promise<string> {
  const ids = (await platform.dockerCli('ps', '-aq')).split('\n').filter((id) => id !== '');
  return platform.dockerCli('inspect', '-f', '{{.Name}} {{.Id}} {{.State.Status}} {{.State.StartedAt}}', ...ids.sort());
}

const editVersion = (line: string) => async (directory: string): Promise<void> => {
  const file = path.join(directory, 'version.go');
  await writeFile(file, `${await readFile(file, 'utf8')}\n// ${line}\n`);
};

/** Deploys what was pushed, which cannot take over, while requests go on; answers the status once `seen` holds. */
async function vainDeploy(seen: (status: SandboxStatus) => boolean): Promise<SandboxStatus> {
  const gateway = (await status()).gateway?.url;
  const before = await idOf(ACCOUNT);
  const loop = platform.requestLoop(`${gateway}/account`);
  try {
    await platform.ok(['deploy', SANDBOX, 'account']);
    const now = await until(() => status(), seen, 60);
    expect(await idOf(ACCOUNT)).toBe(before);
    return now;
  } finally {
    const answers = await loop.stop();
    expect(answers.failures).toEqual([]);
    expect(answers.sent).toBeGreaterThan(5);
  }
}

describe('bad input is refused in words that say what to do', () => {
  it('does not say which part of a login was wrong', async () => {
    const wrongPassword = await platform.sdp(['login', '-u', 'demo', '--password-stdin'], { as: 'wrong', input: 'wrong\n' });
    const wrongName = await platform.sdp(['login', '-u', 'nobody', '--password-stdin'], { as: 'wrong', input: 'demo\n' });
    expect([wrongPassword.code, wrongName.code]).toEqual([3, 3]);
    expect(wrongPassword.stderr).toMatch(/user name or password is wrong/i);
    expect(wrongName.stderr).toBe(wrongPassword.stderr);
  });

  it.each([
    ['a service', 'sandbox: NOPE\nservices:\n  acount: {branch: develop}\n', 2, /"acount"[\s\S]*account/],
    ['an environment', 'sandbox: NOPE\nenvironments: [qa-default]\nservices: {}\n', 2, /"qa-default"[\s\S]*qa-defaults/],
    ['a repository', 'sandbox: NOPE\ngateway: {repository: api-gatewy, branch: develop}\nservices: {}\n', 2, /"api-gatewy"[\s\S]*api-gateway/],
  ])('names %s that there is not, with its place and what is near', async (_what, yaml, code, words) => {
    await writeFile(path.join(platform.directory, 'nope.yaml'), yaml);
    const refused = await platform.sdp(['apply', '-f', 'nope.yaml']);
    expect(refused.stderr).toMatch(words);
    expect(refused.stderr).toMatch(/nope\.yaml:[23]:\d+: spec\./);
    expect(refused.code).toBe(code);
    expect((await platform.sdp(['get', 'sandbox', 'NOPE'])).code).toBe(6);
  });

  it('names a branch that the repository has not, and runs the rest of the sandbox', async () => {
    await platform.ok(['apply', '-f', '-'], { input: 'sandbox: NO-BRANCH\nservices:\n  account: {branch: feature/login-eror}\n' });
    const now = await until(() => status('NO-BRANCH'), (seen) => seen.services['account']?.state === 'FAILED' && seen.gateway?.state === 'RUNNING');
    expect(now.services['account']?.message).toContain('feature/login-eror');
    expect(now.services['account']?.message).toContain('feature/login-error');
    await platform.ok(['delete', 'sandbox', 'NO-BRANCH']);
  });

  it.each(['-x', '--upload-pack=touch /tmp/sdp-faults-touched', 'develop@{1}', 'a..b', 'with space', 'develop\u0000x'])('takes %j for no branch', async (branch) => {
    const refused = await apply(`sandbox: NOPE\nservices:\n  account: {branch: ${JSON.stringify(branch)}}\n`);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/branch/);
    expect(existsSync('/tmp/sdp-faults-touched')).toBe(false);
  });

  it.each([
    ['a tab', 'sandbox: NOPE\nservices:\n\taccount: {branch: develop}\n', '3:1', /tab/i],
    ['a key twice', 'sandbox: NOPE\nservices:\n  account: {branch: develop}\n  account: {branch: other}\n', '4:3', /account|unique|twice/i],
    ['an unknown field', 'sandbox: NOPE\nservices:\n  account:\n    branhc: develop\n', '4:5', /branhc[\s\S]*branch/],
  ])('says file, line and column of %s', async (_what, yaml, place, words) => {
    const file = path.join(platform.directory, 'mine.yaml');
    await writeFile(file, yaml);
    const refused = await platform.sdp(['apply', '-f', 'mine.yaml']);
    expect(refused.stderr).toContain(`mine.yaml:${place}`);
    expect(refused.stderr).toMatch(words);
    expect(refused.code).toBe(2);
  });

  it('refuses a second sandbox whose name leads to the same slug, and names both', async () => {
    const atOnce = await apply('sandbox: TWIN_A\nservices: {}\n---\nsandbox: twin.a\nservices: {}\n');
    expect(atOnce.stderr).toMatch(/TWIN_A[\s\S]*twin\.a|twin\.a[\s\S]*TWIN_A/);
    expect([2, 5]).toContain(atOnce.code);
    expect((await platform.sdp(['get', 'sandbox', 'twin-a'])).code).toBe(6);
    await platform.ok(['apply', '-f', '-'], { input: 'sandbox: TWIN_A\nservices: {}\n' });
    const later = await apply('sandbox: twin.a\nservices: {}\n');
    expect(later.stderr).toMatch(/twin\.a[\s\S]*twin-a[\s\S]*TWIN_A/);
    expect(later.code).toBe(5);
    await platform.ok(['delete', 'sandbox', 'TWIN_A']);
  });

  it('refuses two services whose containers would have one name, and names both', async () => {
    const service = (name: string): string => `apiVersion: sdp/v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {repository: user, baseline: "https://user-dev.sdp-demo.internal:7443", port: 8080}\n---\n`;
    await platform.ok(['apply', '-f', '-'], { input: `${service('b-c')}${service('c')}sandbox: A\nservices:\n  b-c: {branch: develop}\n` });
    const refused = await apply('sandbox: A-B\nservices:\n  c: {branch: develop}\n');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('sandbox-a-b-c');
    for (const name of ['"b-c"', '"A"', '"c"', '"A-B"']) expect(refused.stderr).toContain(name);
    await platform.ok(['delete', 'sandbox', 'A']);
  });
});

describe('what is in the way is named and not touched', () => {
  it('leaves out a gateway port that a foreign process holds, and takes the next', async () => {
    await push(platform, 'account', BRANCH, editVersion('begins'));
    await platform.ok(['apply', '-f', '-', '--wait'], { input: `sandbox: ${SANDBOX}\nservices:\n  account: {branch: ${BRANCH}}\n` });
    const all = (await sandboxes(platform)).map((document) => document.status?.gateway?.port);
    expect(all).toContain(FOREIGN_PORT - 1);
    expect(all).not.toContain(FOREIGN_PORT);
    const port = (await status()).gateway?.port ?? 0;
    expect(port).toBeGreaterThan(FOREIGN_PORT);
    // The edge hears of a new container from its own agent, which may be a moment after the other agent's report.
    expect(await platform.curl(`http://127.0.0.1:${port}/account`)).toMatchObject({ status: 200, body: { servedBy: 'sandbox' } });
    expect(foreignProcess.exitCode).toBeNull();
  });

  it('is blocked by a foreign container that has our name, says so, and goes on with the rest', async () => {
    const name = 'sandbox-foreign-account';
    await platform.dockerCli('create', '--name', name, RUNTIME, 'sleep', '60');
    const before = await idOf(name);
    await platform.ok(['apply', '-f', '-'], { input: 'sandbox: FOREIGN\nservices:\n  account: {branch: develop}\n  user: {branch: develop}\n' });
    const now = await until(() => status('FOREIGN'), (seen) => seen.services['user']?.state === 'RUNNING' && seen.gateway?.state === 'RUNNING' && condition(seen, 'Blocked').status === 'True');
    expect(condition(now, 'Blocked').message).toContain(name);
    expect(now.services['account']).toMatchObject({ state: 'QUEUED', message: expect.stringContaining(name) });
    // A container may run a moment before the edge knows it; Ready, which would say so, is out of reach here.
    await expect.poll(() => platform.curl(`${now.gateway?.url}/user`)).toMatchObject({ status: 200, body: { servedBy: 'sandbox' } });
    expect(await idOf(name)).toBe(before);
    await platform.dockerCli('rm', name);
    await ready('FOREIGN');
    await platform.ok(['delete', 'sandbox', 'FOREIGN', '--wait']);
  });

  it('names a missing Go module before anything stops', async () => {
    await push(platform, 'account', BRANCH, async (directory) => {
      const goMod = path.join(directory, 'go.mod');
      await writeFile(goMod, `${await readFile(goMod, 'utf8')}\nrequire example.com/missing v1.0.0\n`);
      await writeFile(path.join(directory, 'missing.go'), 'package main\n\nimport _ "example.com/missing"\n');
    });
    const now = await vainDeploy((seen) => seen.services['account']?.state === 'FAILED');
    expect(now.services['account']?.message).toContain('example.com/missing v1.0.0');
    expect(await platform.ok(['logs', SANDBOX, 'account'])).toContain('example.com/missing v1.0.0');
  });

  it('names a missing base image and how to load it, and runs the new commit once it is there', async () => {
    const head = await push(platform, 'account', BRANCH, async (directory) => {
      const goMod = path.join(directory, 'go.mod');
      await writeFile(goMod, (await readFile(goMod, 'utf8')).replace(/\nrequire .*\n/, '\n'));
      await writeFile(path.join(directory, 'missing.go'), 'package main\n');
    });
    await platform.dockerCli('tag', RUNTIME, 'kept-aside:1');
    await platform.dockerCli('rmi', '-f', RUNTIME);
    try {
      const now = await vainDeploy((seen) => condition(seen, 'Blocked').status === 'True');
      for (const said of [now.services['account']?.message, condition(now, 'Blocked').message]) {
        expect(said).toContain(RUNTIME);
        expect(said).toContain('docker load');
      }
    } finally {
      await platform.dockerCli('tag', 'kept-aside:1', RUNTIME);
    }
    // Nobody has to ask again.
    await ready(SANDBOX);
    expect((await status()).services['account']?.commit).toBe(head);
  });
});

describe('an agent or a login that is away', () => {
  let agent: ChildProcess;
  let agentOutput = '';

  async function startSecondAgent(): Promise<void> {
    const config = parse(await readFile(path.join(platform.root, 'agents', 'micro-1.yaml'), 'utf8')) as Record<string, unknown>;
    const dataDir = path.join(platform.root, 'agents', 'micro-2');
    const tokenFile = path.join(dataDir, 'token');
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    // What micro-1 compiled of Go's own library need not be compiled again.
    await cp(path.join(platform.root, 'agents', 'micro-1', 'go-build'), path.join(dataDir, 'go-build'), { recursive: true });
    await writeFile(tokenFile, await platform.ok(['--local', 'nodes', 'token', 'micro-2']), { mode: 0o600 });
    const file = path.join(platform.root, 'agents', 'micro-2.yaml');
    const [repository] = config['repositories'] as Record<string, unknown>[];
    await writeFile(file, stringify({
      ...config,
      node: { name: 'micro-2', type: 'MICRO', address: '127.0.0.1' },
      dataDir,
      controlPlane: { ...(config['controlPlane'] as object), tokenFile },
      repositories: [{ ...repository, name: 'ledger' }],
      auth: { repository: 'ledger' },
    }));
    agent = platform.spawn('node', [path.resolve(import.meta.dirname, '../../dist/main.mjs'), 'agent', '--config', file]);
    for (const stream of [agent.stdout, agent.stderr]) stream?.on('data', (chunk: Buffer) => (agentOutput += chunk.toString()));
    await until(async () => platform.ok(['--local', 'nodes', '-o', 'json']), (text) => (JSON.parse(text) as { name: string; online: boolean }[]).some((node) => node.name === 'micro-2' && node.online), 20);
  }

  afterAll(() => {
    agent.kill('SIGKILL');
  });

  it('calls a silent node Unknown and stops nothing', async () => {
    await startSecondAgent();
    await platform.ok(['apply', '-f', '-', '--wait'], {
      input: 'apiVersion: sdp/v1\nkind: Service\nmetadata: {name: ledger}\nspec: {repository: ledger, baseline: "https://account-dev.sdp-demo.internal:7443", port: 8080, health: /healthz}\n---\nsandbox: SILENT\nservices:\n  ledger: {branch: develop}\n  user: {branch: develop}\n',
    });
    expect((await status('SILENT')).services['ledger']?.node, agentOutput).toBe('micro-2');
    const before = await everyContainer();
    // Stopped, not ended: its connection stays open and says nothing.
    agent.kill('SIGSTOP');
    const now = await until(() => status('SILENT'), (seen) => seen.health === 'Unknown', 60);
    expect(condition(now, 'NodesReachable')).toMatchObject({ status: 'False', message: expect.stringContaining('micro-2') });
    expect(condition(now, 'Ready').status).toBe('Unknown');
    expect(now.services['user']?.state).toBe('RUNNING');
    expect(await platform.curl(`${now.gateway?.url}/ledger`)).toMatchObject({ status: 200, body: { servedBy: 'sandbox' } });
    // Neither a deletion that it cannot confirm nor time makes its containers count as gone.
    await sleep(2000);
    expect(await everyContainer()).toBe(before);
    agent.kill('SIGCONT');
    await ready('SILENT');
    expect(await everyContainer()).toBe(before);
    // The heartbeats alone take 40 s.
  }, 200_000);

  it('waits with a fetch for the person who asked, by name, and lets another person take over', async () => {
    const file = path.join(platform.root, 'demo', 'git', 'users.json');
    const users = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
    await writeFile(file, JSON.stringify({ ...users, other: 'other' }));
    const head = await push(platform, 'account', BRANCH, editVersion('fetched by another'));
    // Sessions outlive a restart, passwords do not.
    await platform.end('SIGINT');
    await platform.start();
    await ready(SANDBOX);
    const before = await everyContainer();
    await platform.ok(['deploy', SANDBOX, 'account']);
    const waiting = await until(() => status(), (seen) => condition(seen, 'NeedsLogin').status === 'True', 20);
    expect(condition(waiting, 'NeedsLogin').message).toContain('demo');
    expect(waiting.services['account']?.state).toBe('QUEUED');
    expect(await platform.curl(`${waiting.gateway?.url}/account`)).toMatchObject({ status: 200, body: { servedBy: 'sandbox' } });
    expect(await everyContainer()).toBe(before);
    await login(platform, 'other');
    await platform.ok(['deploy', SANDBOX, 'account', '--wait', '--timeout', '120s'], { as: 'other' });
    const now = await status();
    expect(now.services['account']?.commit).toBe(head);
    expect(condition(now, 'NeedsLogin').status).toBe('False');
  }, 240_000);
});
