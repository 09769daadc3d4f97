/** Where requests went, as people read it: trace, requests and doctor on the demo platform. In order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorView, RequestView, RouteView, TraceView } from '#schema/http';
import type { SandboxStatus } from '#schema/status';
import { Platform } from './support/platform.ts';

const SANDBOX = 'QA-LOGIN-ERROR';
let platform: Platform;
let gateway: string;

beforeAll(async () => {
  platform = await Platform.create('e2e-requests');
  await platform.start();
  await platform.ok(['login', '-u', 'demo', '--password-stdin'], { input: 'demo\n' });
  await platform.ok(['wait', `sandbox/${SANDBOX}`, '--for=condition=Ready', '--timeout', '60s']);
  const { status } = JSON.parse(await platform.ok(['get', 'sandbox', SANDBOX, '-o', 'json'])) as { status: SandboxStatus };
  gateway = status.gateway?.url ?? '';
}, 300_000);

afterAll(() => platform.destroy(), 60_000);

async function trace(path: string): Promise<{ code: number; view: TraceView }> {
  const { code, stdout, stderr } = await platform.sdp(['trace', SANDBOX, path, '-o', 'json']);
  if (stdout === '') throw new Error(stderr);
  return { code, view: JSON.parse(stdout) as TraceView };
}
const hops = ({ hops: all }: TraceView): string[] => all.map(({ by, request }) => `${by} ${request.entry} ${request.service ?? '-'} ${request.target.kind} ${request.status}`);
const requests = async (...more: string[]): Promise<RequestView[]> => JSON.parse(await platform.ok(['requests', SANDBOX, '-o', 'json', '--limit', '500', ...more])) as RequestView[];

describe('a trace', () => {
  it('shows a request on its way through the gateway to a service of the sandbox', async () => {
    const { code, view } = await trace('/account?token=hidden');
    expect([code, view.status, view.failedAt]).toEqual([0, 200, undefined]);
    expect(hops(view)).toEqual(['id gateway gateway container 200', 'id inside account container 200']);
  });

  it('shows one hop further, to the baseline', async () => {
    const { code, view } = await trace('/account/profile');
    expect([code, view.status]).toEqual([0, 200]);
    expect(hops(view)).toEqual(['id gateway gateway container 200', 'id inside account container 200', 'id inside user https 200']);
    const text = await platform.ok(['trace', SANDBOX, '/payment']);
    console.info(text);
    expect(text).toMatch(/2 {2}call of payment on \S+: 200 in \d+ ms\n\s+GET \/payment\s+-> https payment-dev/);
  });

  it('names the hop that failed and why, not the gateway that passed it on', async () => {
    await platform.ok(['stop', SANDBOX, 'account']);
    await expect.poll(async () => (await platform.curl(`${gateway}/account`)).status, { timeout: 30_000, interval: 200 }).toBe(503);
    const { code, view } = await trace('/account');
    expect([code, view.status]).toEqual([1, 503]);
    expect(view.hops[view.failedAt ?? -1]?.request).toMatchObject({ entry: 'inside', service: 'account', failure: expect.stringContaining('stopped') });
    const { stdout } = await platform.sdp(['trace', SANDBOX, '/account']);
    console.info(stdout);
    expect(stdout.split('\n')[2]).toMatch(/^failed at hop 2, call of account on \S+: .*stopped/);
    await platform.ok(['start', SANDBOX, 'account']);
    await expect.poll(async () => (await platform.curl(`${gateway}/account`)).status, { timeout: 30_000, interval: 200 }).toBe(200);
  });
});

describe('a fault of a route', () => {
  it('is told in the trace as what it is', async () => {
    await platform.ok(['route', 'fault', SANDBOX, 'payment', '--status', '503', '--for', '1m']);
    await expect.poll(async () => (await platform.curl(`${gateway}/payment`)).status, { timeout: 30_000, interval: 100 }).toBe(503);
    const { code, view } = await trace('/payment');
    expect([code, view.status]).toEqual([1, 503]);
    expect(view.hops[view.failedAt ?? -1]?.request).toMatchObject({ entry: 'inside', service: 'payment', status: 503, fault: 'status' });
    await platform.ok(['route', 'fault', SANDBOX, 'payment', '--off']);
    await expect.poll(async () => (await platform.curl(`${gateway}/payment`)).status, { timeout: 30_000, interval: 100 }).toBe(200);
  });
});

describe('requests', () => {
  it('are shown with service, target and status, without a query string', async () => {
    await platform.curl(`${gateway}/payment/7?secret=hidden`);
    await expect.poll(async () => (await requests()).some(({ path }) => path === '/payment/7')).toBe(true);
    const all = await requests();
    expect(all.find(({ path, entry }) => path === '/payment/7' && entry === 'inside')).toMatchObject({ service: 'payment', method: 'GET', status: 200, target: { kind: 'https' } });
    expect(JSON.stringify(all)).not.toContain('hidden');
    expect((await requests('--service', 'gateway')).every(({ entry }) => entry === 'gateway')).toBe(true);
    const table = await platform.ok(['requests', SANDBOX, '--limit', '8']);
    console.info(table);
    expect(table).toMatch(/200 +\d+ +GET +payment +\/payment\/7 +payment-dev\S*$/m);
  });

  it('are followed while they come, and are counted in sdp route get', async () => {
    const child = platform.spawnSdp(['requests', SANDBOX, '-f', '--service', 'payment', '--limit', '1']);
    let shown = '';
    child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await expect.poll(() => shown).toContain('payment');
    await platform.curl(`${gateway}/payment/followed?token=hidden`);
    await expect.poll(() => shown).toContain('/payment/followed');
    expect(shown).not.toContain('hidden');
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('close', resolve));
    const routes = JSON.parse(await platform.ok(['route', 'get', SANDBOX, '-o', 'json'])) as RouteView[];
    const counted = (service: string): number => routes.find((route) => route.service === service)?.requests ?? -1;
    expect(counted('payment')).toBe((await requests('--service', 'payment')).filter(({ entry }) => entry === 'inside').length);
    expect(counted('account')).toBeGreaterThan(2);
  });
});

describe('the doctor', () => {
  it('finds every baseline of the demo answering, from each engine', async () => {
    const { code, stdout } = await platform.sdp(['doctor']);
    console.info(stdout);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/payment +ok +answer +\d+/);
  });

  it('exits with 1 and says which step failed for a baseline that nobody reaches', async () => {
    await platform.ok(['apply', '-f', '-'], { input: 'apiVersion: sdp/v1\nkind: Service\nmetadata: {name: ledger}\nspec: {baseline: "https://127.0.0.1:9"}\n' });
    const { code, stdout } = await platform.sdp(['doctor', '-o', 'json']);
    const view = JSON.parse(stdout) as DoctorView;
    expect([code, view.ok]).toEqual([1, false]);
    const checks = view.nodes.flatMap(({ baselines }) => baselines);
    expect(checks.find(({ service }) => service === 'ledger')).toMatchObject({ ok: false, step: 'connect' });
    expect(checks.find(({ service }) => service === 'payment')).toMatchObject({ ok: true });
  });
});
