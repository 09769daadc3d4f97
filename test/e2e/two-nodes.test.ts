/** Gateway and services on different VMs, every part its own process, a password with odd characters. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorView, RequestView, RouteView, TraceView } from '#schema/http';
import type { SandboxStatus } from '#schema/status';
import { startTwoNodes, type TwoNodes } from './support/two-nodes.ts';

let world: TwoNodes;
let url: string;

beforeAll(async () => {
  world = await startTwoNodes();
}, 240_000);
afterAll(() => world.close(), 60_000);

async function ok(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await world.sdp(args, input);
  if (code !== 0) throw new Error(`sdp ${args.join(' ')} exited with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

const status = async (): Promise<SandboxStatus> =>
  (JSON.parse(await ok(['get', 'sandbox', 'two', '-o', 'json'])) as { status: SandboxStatus }).status;

/** Its id, with the time of its start. */
const containerOf = (service: string): Promise<string> =>
  world.micro.exec('docker', ['-H', `unix://${world.micro.socket}`, 'inspect', '-f', '{{.Id}} {{.State.StartedAt}}', `sandbox-two-${service}`]);

async function ask(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) });
  return (await response.json()) as Record<string, unknown>;
}

/** Sends requests until told to stop; answers what went wrong. */
function loop(path: string): { stop(): Promise<{ sent: number; failures: string[] }> } {
  let asked = false;
  const failures: string[] = [];
  let sent = 0;
  const done = (async () => {
    while (!asked) {
      sent += 1;
      const answer = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) }).catch((error: unknown) => error as Error);
      if (answer instanceof Error) failures.push(answer.message);
      else {
        const text = await answer.text();
        if (answer.status !== 200) failures.push(`${answer.status} ${text}`);
      }
      await sleep(10);
    }
  })();
  return {
    stop: async () => {
      asked = true;
      await done;
      return { sent, failures };
    },
  };
}

describe('a sandbox over two VMs', () => {
  it('runs the service on one and the gateway on the other, and routes between their edges', async () => {
    await ok(['apply', '-f', '-', '--wait', '--timeout', '90s'], 'sandbox: two\nservices:\n  account: {branch: develop}\n');
    const now = await status();
    expect(now.services['account']?.node).toBe('micro-1');
    expect(now.gateway?.node).toBe('gateway-1');
    url = world.gatewayUrl(now.gateway?.port ?? 0);
    expect(await ask('/account')).toMatchObject({ servedBy: 'sandbox', version: 'one', secretHeader: '' });
    expect(await ask('/payment')).toMatchObject({ servedBy: 'baseline' });
  });

  it('traces a request from one VM to the other, and counts its two halves once', async () => {
    const view = JSON.parse(await ok(['trace', 'two', '/account?token=hidden', '-o', 'json'])) as TraceView;
    expect(view.hops.map(({ node, by, request }) => `${node} ${by} ${request.entry} ${request.service ?? '-'} ${request.target.kind} ${request.status}`)).toEqual([
      'gateway-1 id gateway gateway container 200',
      'gateway-1 id inside account node 200',
      'micro-1 id service account container 200',
    ]);
    const routes = JSON.parse(await ok(['route', 'get', 'two', '-o', 'json'])) as RouteView[];
    const requests = JSON.parse(await ok(['requests', 'two', '-o', 'json'])) as RequestView[];
    expect(routes.find(({ service }) => service === 'account')?.requests).toBe(requests.filter(({ entry, service }) => entry === 'inside' && service === 'account').length);
    expect(JSON.stringify(requests)).not.toContain('hidden');
    const doctor = JSON.parse((await world.sdp(['doctor', '-o', 'json'])).stdout) as DoctorView;
    expect(doctor.nodes.map(({ node, baselines }) => [node, baselines.length > 0])).toEqual([['gateway-1', true], ['micro-1', true]]);
  });

  it('lets nobody call a service\'s port without the installation\'s secret', async () => {
    const port = (await status()).services['account']?.port ?? 0;
    const answer = await fetch(world.serviceUrl(port), { headers: { 'X-SDP-Hop': 'guess' } });
    expect(answer.status).toBe(403);
  });

  it('takes over with a new version on the other VM without a failed request', async () => {
    world.git.push('account', 'develop', world.service('account', 'two'));
    const requests = loop('/account');
    await ok(['deploy', 'two', 'account', '--wait', '--timeout', '90s']);
    const { sent, failures } = await requests.stop();
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(20);
    expect(await ask('/account')).toMatchObject({ version: 'two' });
  });

  it('moves a route from the other VM to OCP and back, at once and without a failed request', async () => {
    const container = await containerOf('account');
    const requests = loop('/account');
    for (const [target, answer] of [['ocp', { servedBy: 'baseline' }], ['sandbox', { servedBy: 'sandbox', version: 'two' }]] as const) {
      await ok(['route', 'set', 'two', 'account', target]);
      await expect.poll(() => ask('/account'), { timeout: 2_000, interval: 20 }).toMatchObject(answer);
    }
    const { sent, failures } = await requests.stop();
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(20);
    expect(await containerOf('account'), 'no container was touched').toBe(container);
  });

  it('says which hop is in the way while the link between the VMs is cut, and goes on when it is mended', async () => {
    const container = await containerOf('account');
    await world.setLink(false);
    await expect.poll(() => ask('/account'), { timeout: 20_000 }).toMatchObject({
      status: 503,
      service: 'account',
      sandbox: 'two',
      hop: expect.stringContaining('edge of gateway-1') as string,
    });
    const traced = await world.sdp(['trace', 'two', '/account', '-o', 'json']);
    const view = JSON.parse(traced.stdout) as TraceView;
    expect([traced.code, view.status]).toEqual([1, 503]);
    expect(view.hops[view.failedAt ?? -1]).toMatchObject({
      node: 'gateway-1', by: 'id', request: { entry: 'inside', service: 'account', target: { kind: 'node' }, failure: expect.any(String) as string },
    });
    expect(await ask('/payment'), 'what does not cross the link goes on').toMatchObject({ servedBy: 'baseline' });
    await world.setLink(true);
    await expect.poll(() => ask('/account'), { timeout: 20_000 }).toMatchObject({ servedBy: 'sandbox', version: 'two' });
    await ok(['wait', 'sandbox/two', '--timeout', '30s']);
    expect(await containerOf('account'), 'nothing was started again').toBe(container);
  });

  it('keeps everything running while an agent is dead, says Unknown, and resyncs when it is back', async () => {
    const before = await containerOf('account');
    await world.killAgent('micro-1');
    const end = Date.now() + 45_000;
    while ((await status()).sync !== 'Unknown' && Date.now() < end) await sleep(200);
    expect((await status()).sync).toBe('Unknown');
    expect(await ask('/account')).toMatchObject({ version: 'two' });
    await world.startAgent('micro-1');
    await ok(['wait', 'sandbox/two', '--timeout', '30s']);
    expect(await containerOf('account')).toBe(before);
  });

  it('leaves nothing on either VM after a delete', async () => {
    await ok(['delete', 'sandbox', 'two', '--wait', '--timeout', '60s']);
    for (const engine of [world.micro, world.gateway]) {
      const docker = (...args: string[]): Promise<string> => engine.exec('docker', ['-H', `unix://${engine.socket}`, ...args]);
      expect(await docker('ps', '-a', '--format', '{{.Names}}')).not.toContain('sandbox-two');
      expect(await docker('network', 'ls', '--format', '{{.Name}}')).not.toContain('sandbox-two');
    }
    expect(await ok(['get', 'ports'])).not.toContain('two');
  });
});
