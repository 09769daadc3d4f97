/** Routes on the whole platform: faults for one sandbox alone, a person's own address, targets that do not answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PortView, RouteView, UseView } from '#schema/http';
import type { SandboxStatus } from '#schema/status';
import { Platform } from './support/platform.ts';

const SANDBOX = 'QA-LOGIN-ERROR';
const OTHER = 'SECOND';

let platform: Platform;
const gateways: Record<string, string> = {};

beforeAll(async () => {
  platform = await Platform.create('e2e-routes');
  await platform.start();
  await platform.ok(['login', '-u', 'demo', '--password-stdin'], { input: 'demo\n' });
  await platform.ok(['clone', SANDBOX, OTHER, '--wait']);
  for (const name of [SANDBOX, OTHER]) gateways[name] = (await status(name)).gateway?.url ?? '';
}, 300_000);
afterAll(() => platform.destroy(), 60_000);

async function status(name = SANDBOX): Promise<SandboxStatus> {
  return (JSON.parse(await platform.ok(['get', 'sandbox', name, '-o', 'json'])) as { status: SandboxStatus }).status;
}
const routes = async (): Promise<RouteView[]> => JSON.parse(await platform.ok(['route', 'get', SANDBOX, '-o', 'json'])) as RouteView[];
const routeOf = async (service: string): Promise<RouteView | undefined> => (await routes()).find((view) => view.service === service);
const condition = async (): Promise<string> => {
  const found = (await status()).conditions.find((item) => item.type === 'RoutesReachable');
  return `${found?.status} ${found?.message}`;
};
const containers = async (): Promise<string> => (await platform.dockerCli('ps', '--no-trunc', '--format', '{{.Names}} {{.ID}}')).split('\n').sort().join('\n');

/** How often each status is answered. */
async function statuses(url: string, times: number): Promise<Record<number, number>> {
  const { stdout } = await platform.run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}\n', `${url}?n=[1-${times}]`]);
  const counts: Record<number, number> = {};
  for (const code of stdout.trim().split('\n')) counts[Number(code)] = (counts[Number(code)] ?? 0) + 1;
  return counts;
}

describe('routes', () => {
  it('answer 503 to half of the requests of one sandbox alone, and no longer than asked for', async () => {
    const before = await containers();
    expect(await statuses(`${gateways[SANDBOX]}/payment`, 10)).toEqual({ 200: 10 });
    await platform.ok(['route', 'fault', SANDBOX, 'payment', '--status', '503', '--percent', '50', '--for', '10s']);
    const end = Date.now() + 10_000;
    await expect.poll(async () => (await statuses(`${gateways[SANDBOX]}/payment`, 20))[503] ?? 0).toBeGreaterThan(0);
    const seen = await statuses(`${gateways[SANDBOX]}/payment`, 200);
    expect(seen[503]).toBeGreaterThan(60);
    expect(seen[200]).toBeGreaterThan(60);
    expect(await statuses(`${gateways[OTHER]}/payment`, 50)).toEqual({ 200: 50 });
    // Both at once: on a busy machine a command takes seconds, and the fault ends.
    const [shown, described] = await Promise.all([platform.ok(['route', 'get', SANDBOX]), platform.ok(['describe', 'sandbox', SANDBOX])]);
    expect(shown).toContain('fault: answers 503 to 50 % of the requests');
    expect(described).toContain('payment: fault: answers 503');
    await sleep(Math.max(0, end - Date.now()) + 300);
    expect(await statuses(`${gateways[SANDBOX]}/payment`, 50)).toEqual({ 200: 50 });
    await expect.poll(async () => (await routeOf('payment'))?.fault).toBeUndefined();
    expect(await containers()).toBe(before);
  });

  it('lead a person to any sandbox by one address that they keep', async () => {
    const before = await containers();
    const use = async (...args: string[]): Promise<UseView> => JSON.parse(await platform.ok(['use', ...args, '-o', 'json'])) as UseView;
    const { address } = await use(SANDBOX);
    const asked = async (): Promise<string | null> => {
      const { stdout } = await platform.run('curl', ['-s', '-o', '/dev/null', '-D', '-', `${address?.url}/payment`]);
      return /^x-sdp-sandbox: (.*?)\r?$/im.exec(stdout)?.[1] ?? null;
    };
    await expect.poll(asked).toBe(SANDBOX);
    const loop = platform.requestLoop(`${address?.url}/payment`);
    await sleep(300);
    for (let round = 0; round < 5; round += 1) {
      const to = round % 2 === 0 ? OTHER : SANDBOX;
      expect((await use(to)).address?.url).toBe(address?.url);
      await expect.poll(asked).toBe(to);
    }
    const { sent, failed, failures } = await loop.stop();
    expect({ failed, failures: failures.slice(0, 3) }).toEqual({ failed: 0, failures: [] });
    expect(sent).toBeGreaterThan(20);
    const ports = JSON.parse(await platform.ok(['get', 'ports', '-o', 'json'])) as PortView[];
    expect(ports).toContainEqual(expect.objectContaining({ kind: 'personal', owner: 'demo', port: address?.port, sandbox: 'second' }));
    expect(await containers()).toBe(before);
    await platform.ok(['use', '--off']);
    await expect.poll(asked).toBeNull();
  });

  it('say who does not answer, stay Ready, and recover with the target', async () => {
    await expect.poll(condition, { timeout: 30_000 }).toContain('True');
    await platform.ok(['route', 'set', SANDBOX, 'payment', 'http://127.0.0.1:1']);
    await expect.poll(condition, { timeout: 30_000 }).toContain('False payment (http://127.0.0.1:1)');
    const now = await status();
    expect(now.health).toBe('Degraded');
    expect(now.conditions.find((item) => item.type === 'Ready')?.status).toBe('True');
    expect(await platform.ok(['route', 'get', SANDBOX])).toMatch(/payment +url .*FAILED at connect/);
    await platform.ok(['route', 'set', SANDBOX, 'payment', 'ocp']);
    await expect.poll(condition, { timeout: 30_000 }).toContain('True');
    expect((await status()).health).toBe('Healthy');
    expect((await routeOf('payment'))?.verified).toMatchObject({ ok: true });
  });

  it('refuse to lead to SDP itself', async () => {
    for (const url of [platform.url, gateways[OTHER] ?? '']) {
      const refused = await platform.sdp(['route', 'set', SANDBOX, 'payment', url]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('leads to SDP itself');
    }
  });
});
