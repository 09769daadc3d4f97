/**
 * The same test for both example gateways: flips and replacements without a lost request. With nginx, connections
 * that stay, too: in order, as the PHP one's run commits the account that answers to them.
 */
import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxStatus } from '#schema/status';
import { Platform, type LoopResult } from './support/platform.ts';

const FLIPS = 50;
const DRAIN_SECONDS = 6;
const SUPPORT = path.join(import.meta.dirname, 'support');

const PHP = { sandbox: 'QA-LOGIN-ERROR', repository: 'api-gateway' };
const NGINX = { sandbox: 'NGINX', repository: 'api-gateway-nginx' };
const NGINX_YAML = `
sandbox: ${NGINX.sandbox}
gateway:
  repository: ${NGINX.repository}
  branch: develop
  upstreamsFile: {path: /app/config/upstreams.conf, format: nginx}
services:
  account: {branch: feature/login-error}
  payment: {branch: develop}
  user: {use_ocp: true}
`;

const CATALOGUE = ['account', 'gateway']
  .map((name) => `apiVersion: sdp/v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {baseline: "https://${name}-dev.sdp-demo.internal:7443", health: /healthz, drain: ${DRAIN_SECONDS}s}\n`)
  .join('---\n');

let platform: Platform;

async function statusOf(sandbox: string): Promise<SandboxStatus> {
  // Without the start of a command line each time.
  const headers = ['-H', `authorization: Bearer ${await platform.token()}`];
  const { stdout } = await platform.run('curl', ['-s', ...headers, `${platform.url}/api/v1/sandboxes/${sandbox}`]);
  return (JSON.parse(stdout) as { document: { status: SandboxStatus } }).document.status;
}

const urlOf = async (sandbox: string): Promise<string> => (await statusOf(sandbox)).gateway?.url ?? '';

/** Until the status says that this commit runs: it took over, and the former one may still drain. */
async function runs(sandbox: string, service: 'account' | 'gateway', commit: string): Promise<void> {
  const look = async (): Promise<unknown> => {
    const status = await statusOf(sandbox);
    const { state, commit: now } = (service === 'gateway' ? status.gateway : status.services[service]) ?? {};
    return { state, commit: now };
  };
  await expect.poll(look, { timeout: 90_000, interval: 100 }).toEqual({ state: 'RUNNING', commit });
}

async function newAccount(version: string): Promise<string> {
  return platform.commit('account', 'feature/login-error', async (directory) => {
    const file = path.join(directory, 'version.go');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/version = ".*"/, `version = "${version}"`));
    await copyFile(path.join(SUPPORT, 'live-account', 'account.go'), path.join(directory, 'account.go'));
  }, `version ${version}`);
}

const newGateway = (repository: string): Promise<string> =>
  platform.commit(repository, 'develop', (directory) => appendFile(path.join(directory, 'README.md'), '\nAnother version.\n'), 'another version');

/** Lines of `live.mjs` as they come, with when. */
function live(kind: 'echo' | 'stream', url: string) {
  const child = platform.spawn('node', [path.join(SUPPORT, 'live.mjs'), kind, url]);
  const lines: { text: string; at: number }[] = [];
  child.stdout?.on('data', (chunk: Buffer) => {
    for (const text of chunk.toString().split('\n')) if (text !== '') lines.push({ text, at: Date.now() });
  });
  return {
    lines,
    first: async (): Promise<string> => {
      await expect.poll(() => lines.length).toBeGreaterThan(1);
      return lines[0]?.text.split(' ')[0] ?? '';
    },
    ended: async (): Promise<number> => {
      await expect.poll(() => lines.at(-1)?.text, { timeout: 40_000, interval: 50 }).toBe('ended');
      return lines.at(-1)?.at ?? 0;
    },
    stop: () => child.stdin?.end(),
  };
}

/** Opens both, replaces, and answers the seconds from then to the end of each. `after`: account's version for new ones. */
async function replaceUnderLive(gateway: string, replace: () => Promise<unknown>, after: string): Promise<number[]> {
  const open = (['echo', 'stream'] as const).map((kind) => live(kind, `${gateway}/account/${kind}`));
  const [version = ''] = await Promise.all(open.map((one) => one.first()));
  await replace();
  const replaced = Date.now();
  // Both go on, and new ones get to the new container beside them.
  const fresh = live('echo', `${gateway}/account/echo`);
  expect(await fresh.first()).toBe(after);
  for (const one of open) {
    expect(one.lines.at(-1)?.at).toBeGreaterThan(replaced);
    expect(one.lines.map(({ text }) => text.split(' ')[0])).toEqual(one.lines.map(() => version));
  }
  const ends = await Promise.all(open.map((one) => one.ended()));
  expect(fresh.lines.at(-1)?.text).not.toBe('ended');
  fresh.stop();
  return ends.map((end) => (end - replaced) / 1000);
}

beforeAll(async () => {
  platform = await Platform.create('gateways');
  await platform.start();
  await platform.ok(['login', '-u', 'demo', '--password-stdin'], { input: 'demo\n' });
  await platform.ok(['apply', '-f', '-'], { input: CATALOGUE });
}, 300_000);

afterAll(async () => {
  await platform.destroy();
}, 60_000);

describe.each([PHP, NGINX])('the gateway $repository', ({ sandbox, repository }) => {
  it('serves the sandbox', async () => {
    if (sandbox === NGINX.sandbox) await platform.ok(['apply', '-f', '-', '--wait'], { input: NGINX_YAML });
    else await platform.ok(['route', 'set', sandbox, 'payment', 'sandbox', '--branch', 'develop', '--wait']);
    const gateway = await urlOf(sandbox);
    expect((await platform.curl(gateway)).body).toMatchObject({ service: 'gateway', servedBy: 'sandbox', branch: 'develop' });
    expect((await platform.curl(`${gateway}/account`)).body).toMatchObject({ servedBy: 'sandbox', branch: 'feature/login-error' });
    expect((await platform.curl(`${gateway}/payment/x?y=1`)).body).toMatchObject({ servedBy: 'sandbox', path: '/payment/x' });
    expect((await platform.curl(`${gateway}/user`)).body).toMatchObject({ servedBy: 'baseline' });
    expect((await platform.curl(`${gateway}/accounting`)).status).toBe(404);
    const { stdout } = await platform.run('curl', ['-s', '-d', '{}', '-H', 'X-Request-Id: r-17', `${gateway}/account/login`]);
    expect(JSON.parse(stdout)).toMatchObject({ method: 'POST', requestId: 'r-17' });
  });

  it(`loses no request while payment flips ${FLIPS} times and account and the gateway are replaced`, async () => {
    const gateway = await urlOf(sandbox);
    const loops = ['account', 'payment'].map((service) => [service, platform.requestLoop(`${gateway}/${service}`, 25)] as const);
    const flipped = await platform.run('node', [path.join(SUPPORT, 'flip.mjs'), platform.url, await platform.token(), sandbox, 'payment', String(FLIPS), gateway]);
    expect(flipped.stderr).toBe('');
    console.info(`${repository}: ${flipped.stdout}`);

    const version = `2.0.${sandbox.length}`;
    // The PHP gateway passes no WebSockets on; the nginx one keeps those that are open for the drain time.
    const replaceUnder = async (service: 'account' | 'gateway', commit: string): Promise<void> => {
      const replace = async (): Promise<void> => {
        await platform.ok(['deploy', sandbox, service]);
        await runs(sandbox, service, commit);
      };
      if (sandbox === PHP.sandbox) return replace();
      const seconds = await replaceUnderLive(gateway, replace, version);
      console.info(`${service} replaced: what was open ended after ${seconds.join(' and ')} s`);
      expect(Math.min(...seconds)).toBeGreaterThan(DRAIN_SECONDS - 3);
      // The engine gives a stream that does not end ten seconds more.
      expect(Math.max(...seconds)).toBeLessThan(DRAIN_SECONDS + 13);
    };
    await replaceUnder('account', await newAccount(version));
    await replaceUnder('gateway', await newGateway(repository));

    const answers = Object.fromEntries(
      await Promise.all(loops.map(async ([service, loop]) => [service, await loop.stop()] as const)),
    ) as Record<string, LoopResult>;
    console.info(`${repository}: ${JSON.stringify(answers)}`);
    for (const [service, { sent, failed, failures }] of Object.entries(answers)) {
      expect({ service, failed, failures }).toEqual({ service, failed: 0, failures: [] });
      expect(sent).toBeGreaterThan(100);
    }
    expect(answers['account']?.bodies).toHaveProperty([`sandbox feature/login-error ${version}`]);
    expect(Object.keys(answers['payment']?.bodies ?? {}).map((body) => body.split(' ')[0]).sort()).toEqual(['baseline', 'sandbox']);
  });
});
