/** Gateway and services on different VMs, every part its own process, a password with odd characters. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorView, RequestView, RouteView, TraceView, UseView } from '#schema/http';
import type { SandboxStatus } from '#schema/status';
import { PERSON, startTwoNodes, type TwoNodes } from './support/two-nodes.ts';

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

/** With a Host of its own, which fetch does not allow. */
function askWith(target: string, headers: Record<string, string>): Promise<{ status: number; sandbox: unknown; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(target, { headers, agent: false, timeout: 10_000 }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, sandbox: response.headers['x-sdp-sandbox'], text }));
    });
    asked.on('timeout', () => asked.destroy(new Error('timed out')));
    asked.on('error', reject);
    asked.end();
  });
}

/** Sends requests until told to stop; answers what went wrong. */
function loop(path: string, base = url): { stop(): Promise<{ sent: number; failures: string[] }> } {
  let asked = false;
  const failures: string[] = [];
  let sent = 0;
  const done = (async () => {
    while (!asked) {
      sent += 1;
      const answer = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(10_000) }).catch((error: unknown) => error as Error);
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

  it('tells redirects that leave the sandbox from those that stay, in traces and in the list of requests', async () => {
    const { port = 0 } = (await status()).gateway ?? {};
    const own = `http://${world.addresses.gateway}:${port}/next`;
    const cases = [
      ['/next', false],
      [own, false],
      ['https://api-gateway-dev.company.com/login?token=hidden', true],
      [`http://${world.addresses.gateway}:${port + 1}/next`, true],
    ] as const;
    for (const [to, leaves] of cases) {
      const view = JSON.parse(await ok(['trace', 'two', `/account?to=${encodeURIComponent(to)}`, '-o', 'json'])) as TraceView;
      expect([to, view.status, view.leaves ?? false]).toEqual([to, 302, leaves]);
      expect([to, view.hops.map(({ request }) => request.leaves ?? false)]).toEqual([to, [leaves, leaves, leaves]]);
      const listed = (JSON.parse(await ok(['requests', 'two', '-o', 'json'])) as RequestView[]).filter(({ id }) => id === view.requestId);
      expect([to, listed.map(({ leaves: flag }) => flag ?? false)]).toEqual([to, [leaves, leaves, leaves]]);
    }
    const traced = await ok(['trace', 'two', `/account?to=${encodeURIComponent(cases[2][0])}`]);
    expect(traced).toContain('redirects OUT of the sandbox: https://api-gateway-dev.company.com/login\n');
    const table = await ok(['requests', 'two', '--limit', '12']);
    console.info(`${traced}\n${table}`);
    expect(table).toMatch(/! redirect leaves the sandbox:\s+https:\/\/api-gateway-dev\.company\.com\/login\n/);
    expect(table).toContain(`! redirect to ${own}`);
    // Its first line is what was asked for by hand.
    expect(traced.slice(traced.indexOf('\n')) + table).not.toContain('hidden');
  });

  it('has every request in the list once and in order after the control plane was killed and started again', async () => {
    const counted = async (): Promise<number> =>
      (JSON.parse(await ok(['route', 'get', 'two', '-o', 'json'])) as RouteView[]).find(({ service }) => service === 'account')?.requests ?? -1;
    const before = await counted();
    let sent = 0;
    const send = async (times: number): Promise<void> => {
      for (const end = sent + times; sent < end; await sleep(10)) {
        sent += 1;
        const answer = await fetch(`${url}/account`, { headers: { 'x-request-id': `restart-${sent}` }, signal: AbortSignal.timeout(10_000) });
        expect(answer.status).toBe(200);
        await answer.text();
      }
    };
    await send(20);
    await world.killServer();
    await send(40);
    const meanwhile = world.startServer();
    await send(20);
    await meanwhile;
    const since = Date.now();
    await send(20);
    const listed = async (): Promise<RequestView[]> =>
      (JSON.parse((await world.sdp(['requests', 'two', '--limit', '500', '-o', 'json'])).stdout || '[]') as RequestView[]).filter(({ id }) => id.startsWith('restart-'));
    await expect.poll(async () => (await listed()).length, { timeout: 30_000, interval: 100 }).toBe(3 * sent);
    console.info(`all ${3 * sent} halves of ${sent} requests listed ${Date.now() - since} ms after the control plane listened again`);
    const all = (await listed()).reverse();
    const ids = Array.from({ length: sent }, (_, index) => `restart-${index + 1}`);
    for (const [node, entry] of [['gateway-1', 'gateway'], ['gateway-1', 'inside'], ['micro-1', 'service']]) {
      const own = all.filter((request) => request.node === node && request.entry === entry);
      expect(own.map(({ id }) => id)).toEqual(ids);
      const numbers = own.map(({ seq }) => seq);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
    expect(await counted()).toBe(before + sent);
    // Passwords live in the memory of the control plane that was killed: what follows fetches.
    await ok(['login', '-u', PERSON.username, '--password-stdin'], `${PERSON.password}\n`);
  }, 90_000);

  it('leads a person\'s port and the port for all sandboxes to a gateway on the other VM, and between the two without a failed request', async () => {
    await world.startAgent('micro-1-gates');
    await ok(['apply', '-f', '-', '--wait', '--timeout', '90s'], 'sandbox: FAR\ngateway: {node: micro-1-gates}\nservices:\n  account: {branch: develop}\n');
    const far = JSON.parse(await ok(['get', 'sandbox', 'far', '-o', 'json'])) as { status: SandboxStatus };
    expect(far.status.gateway?.node).toBe('micro-1-gates');

    const use = async (name: string): Promise<UseView['address']> => (JSON.parse(await ok(['use', name, '-o', 'json'])) as UseView).address;
    const address = await use('two');
    expect(address?.node).toBe('gateway-1');
    const personal = `${world.gatewayUrl(address?.port ?? 0)}/account`;
    const whose = async (): Promise<string | null> => (await fetch(personal, { signal: AbortSignal.timeout(10_000) })).headers.get('x-sdp-sandbox');
    await expect.poll(whose).toBe('two');
    const requests = loop('/account', world.gatewayUrl(address?.port ?? 0));
    for (const name of ['FAR', 'two', 'FAR', 'two', 'FAR']) {
      expect((await use(name))?.port).toBe(address?.port);
      await expect.poll(whose, { timeout: 5_000, interval: 20 }).toBe(name);
    }
    const { sent, failures } = await requests.stop();
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(50);

    const shared = world.gatewayUrl(7081);
    for (const [headers, name] of [[{ 'x-sdp-sandbox': 'FAR' }, 'FAR'], [{ 'x-sdp-sandbox': 'two' }, 'two'], [{ host: 'far.phones.lan:7081' }, 'FAR'], [{ host: 'TWO.phones.lan' }, 'two']] as const) {
      const answer = await askWith(`${shared}/account`, headers);
      expect([headers, answer.status, answer.sandbox, answer.text]).toEqual([headers, 200, name, expect.stringContaining('"servedBy":"sandbox"')]);
    }
    // By hop, as the list of requests tells.
    const seen = (JSON.parse(await ok(['requests', 'far', '-o', 'json', '--limit', '500'])) as RequestView[]).map(({ node, entry, service, target }) => `${node} ${entry} ${service ?? '-'} ${target.kind}`);
    for (const hop of ['gateway-1 gateway gateway node', 'gateway-1 shared gateway node', 'micro-1 gateway gateway container', 'micro-1 inside account container']) expect(seen).toContain(hop);
    await ok(['use', '--off']);
    await ok(['delete', 'sandbox', 'far', '--wait', '--timeout', '60s']);
    await world.killAgent('micro-1-gates');
    await ok(['--local', 'nodes', 'forget', 'micro-1-gates']);
  }, 150_000);

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

  it('moves to another port when a foreign process steals its own while the edge is dead, and says so', async () => {
    const { port: before = 0 } = (await status()).gateway ?? {};
    const { version } = await ask('/account');
    const thief = await world.steal('gateway', before);
    await expect.poll(async () => (await status()).gateway?.port, { timeout: 60_000, interval: 200 }).not.toBe(before);
    await ok(['wait', 'sandbox/two', '--timeout', '60s']);
    const { port: after = 0 } = (await status()).gateway ?? {};
    url = world.gatewayUrl(after);
    expect(await ask('/account')).toMatchObject({ servedBy: 'sandbox', version });
    expect(await ok(['logs', 'two', 'gateway'])).toContain(`${before}`);
    thief.end();
    const service = (await status()).services['account']?.port ?? 0;
    const other = await world.steal('micro', service);
    await expect.poll(async () => (await status()).services['account']?.port, { timeout: 60_000, interval: 200 }).not.toBe(service);
    await expect.poll(() => ask('/account'), { timeout: 20_000, interval: 100 }).toMatchObject({ servedBy: 'sandbox', version });
    other.end();
  }, 180_000);

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
