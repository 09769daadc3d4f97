/** The same test for both example gateways: flips and replacements without a lost request, and connections that stay. */
import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxStatus } from '#schema/status';
import { Platform, type LoopResult } from './support/platform.ts';

const FLIPS = 50;
const DRAIN_SECONDS = 5;
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
  const document = JSON.parse(await platform.ok(['get', 'sandbox', sandbox, '-o', 'json'])) as { status: SandboxStatus };
  return document.status;
}

const urlOf = async (sandbox: string): Promise<string> => (await statusOf(sandbox)).gateway?.url ?? '';

async function newAccount(version: string): Promise<string> {
  return platform.commit('account', 'feature/login-error', async (directory) => {
    const file = path.join(directory, 'version.go');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/version = ".*"/, `version = "${version}"`));
    await copyFile(path.join(SUPPORT, 'live-account', 'account.go'), path.join(directory, 'account.go'));
  }, `version ${version}`);
}

const newGateway = (repository: string): Promise<string> =>
  platform.commit(repository, 'develop', (directory) => appendFile(path.join(directory, 'README.md'), '\nAnother version.\n'), 'another version');

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
    const flipping = platform.run('node', [path.join(SUPPORT, 'flip.mjs'), platform.url, await platform.token(), sandbox, 'payment', String(FLIPS), gateway]);
    const flipped = await flipping;
    expect(flipped.stderr).toBe('');
    console.info(`${repository}: ${flipped.stdout}`);

    const account = await newAccount(`2.0.${sandbox.length}`);
    await platform.ok(['deploy', sandbox, 'account', '--wait']);
    const former = (await statusOf(sandbox)).gateway?.container;
    const commit = await newGateway(repository);
    await platform.ok(['deploy', sandbox, 'gateway', '--wait']);
    const status = await statusOf(sandbox);
    expect(status.services['account']?.commit).toBe(account);
    expect(status.gateway).toMatchObject({ commit, state: 'RUNNING' });
    expect(status.gateway?.container).toBe(former);

    const answers = Object.fromEntries(
      await Promise.all(loops.map(async ([service, loop]) => [service, await loop.stop()] as const)),
    ) as Record<string, LoopResult>;
    console.info(`${repository}: ${JSON.stringify(answers)}`);
    for (const [service, { sent, failed, failures }] of Object.entries(answers)) {
      expect({ service, failed, failures }).toEqual({ service, failed: 0, failures: [] });
      expect(sent).toBeGreaterThan(100);
    }
    expect(answers['account']?.bodies).toHaveProperty([`sandbox feature/login-error 2.0.${sandbox.length}`]);
    expect(Object.keys(answers['payment']?.bodies ?? {}).map((body) => body.split(' ')[0]).sort()).toEqual(['baseline', 'sandbox']);
  });
});

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

describe('WebSockets and streams through the nginx gateway', () => {
  const { sandbox, repository } = NGINX;

  /** Opens both, replaces, and answers the seconds from the replacement to the end of each. */
  async function replaceUnder(replace: () => Promise<unknown>): Promise<{ version: string; seconds: number[] }> {
    const gateway = await urlOf(sandbox);
    const open = (['echo', 'stream'] as const).map((kind) => live(kind, `${gateway}/account/${kind}`));
    const [version = ''] = await Promise.all(open.map((one) => one.first()));
    await replace();
    const replaced = Date.now();
    // Both go on, and new ones get to the new container beside them.
    const fresh = live('echo', `${gateway}/account/echo`);
    await fresh.first();
    for (const one of open) {
      expect(one.lines.at(-1)?.at).toBeGreaterThan(replaced);
      expect(one.lines.map(({ text }) => text.split(' ')[0])).toEqual(one.lines.map(() => version));
    }
    const ends = await Promise.all(open.map((one) => one.ended()));
    expect(fresh.lines.at(-1)?.text).not.toBe('ended');
    fresh.stop();
    return { version: await fresh.first(), seconds: ends.map((end) => (end - replaced) / 1000) };
  }

  /** Until new requests get to the new container: the drain begins then, and goes on when the sandbox is ready. */
  const untilTaken = async (service: 'account' | 'gateway', commit: string): Promise<void> => {
    await expect
      .poll(async () => {
        const status = await statusOf(sandbox);
        return (service === 'gateway' ? status.gateway : status.services[service])?.commit;
      }, { timeout: 60_000, interval: 100 })
      .toBe(commit);
  };

  it('live on for the drain time when account is replaced; new ones get the new version', async () => {
    const commit = await newAccount('3.0.0');
    const { version, seconds } = await replaceUnder(async () => {
      await platform.ok(['deploy', sandbox, 'account']);
      await untilTaken('account', commit);
    });
    console.info(`account replaced: ended after ${seconds.join(' and ')} s`);
    expect(version).toBe('3.0.0');
    // Go's server gives a stream ten seconds more before it is killed.
    for (const one of seconds) expect(one).toBeLessThan(DRAIN_SECONDS + 12);
    expect(Math.min(...seconds)).toBeGreaterThan(DRAIN_SECONDS - 3);
  });

  it('live on for the drain time when the gateway is replaced', async () => {
    const commit = await newGateway(repository);
    const { seconds } = await replaceUnder(async () => {
      await platform.ok(['deploy', sandbox, 'gateway']);
      await untilTaken('gateway', commit);
    });
    console.info(`gateway replaced: ended after ${seconds.join(' and ')} s`);
    for (const one of seconds) expect(one).toBeLessThan(DRAIN_SECONDS + 6);
    expect(Math.min(...seconds)).toBeGreaterThan(DRAIN_SECONDS - 3);
  });
});
