/** Forty sandboxes at once: networks of their own, no way from one into another, nothing left after deletion. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxStatus } from '#schema/status';
import { Platform } from '../e2e/support/platform.ts';
import { local, login, sandboxes, statusOf, until } from './support/helpers.ts';

const COUNT = 40;
const NAMES = Array.from({ length: COUNT }, (_, index) => `S-${String(index + 1).padStart(2, '0')}`);
/** Runs account in a container of its own; the others leave it to OCP. */
const WITH_ACCOUNT = 'S-01';
const CALLER = 'S-02';

let platform: Platform;
let networks: Map<string, Network>;

interface Network {
  Name: string;
  IPAM: { Config: { Subnet: string; Gateway: string }[] };
}

/** What a request from inside a container came to: a status and body, or why there was no connection. */
interface Reached {
  status: number;
  body: string;
}

beforeAll(async () => {
  platform = await Platform.create('faults-isolation');
  await platform.start();
  await login(platform);
}, 300_000);

afterAll(async () => {
  await platform.destroy();
}, 60_000);

const isReady = (status: SandboxStatus | undefined): boolean => status?.conditions.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;

/** First and last address, as numbers. */
function rangeOf(cidr: string): { from: number; to: number } {
  const [address = '', prefix = ''] = cidr.split('/');
  const from = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { from, to: from + 2 ** (32 - Number(prefix)) - 1 };
}

const overlap = (one: string, other: string): boolean => {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.from <= b.to && b.from <= a.to;
};

async function sandboxNetworks(): Promise<Network[]> {
  const names = (await platform.dockerCli('network', 'ls', '--format', '{{.Name}}')).split('\n').filter((name) => name.startsWith('sandbox-'));
  return JSON.parse(await platform.dockerCli('network', 'inspect', ...names)) as Network[];
}

const networkOf = (sandbox: string): { subnet: string; bridge: string } => {
  const config = networks.get(`sandbox-${sandbox.toLowerCase()}`)?.IPAM.Config[0];
  if (config === undefined) throw new Error(`${sandbox} has no network`);
  return { subnet: config.Subnet, bridge: config.Gateway };
};

const addressOf = async (container: string): Promise<string> =>
  (await platform.dockerCli('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container)).trim();

/** A request from inside a gateway's container: its URL, and the Host that it claims. */
const CALL = `
[$url, $host] = explode(' ', $argv[1] . ' ');
$options = ['timeout' => 2, 'ignore_errors' => true, 'header' => $host === '' ? '' : "Host: $host"];
$body = @file_get_contents($url, false, stream_context_create(['http' => $options]));
$status = isset($http_response_header[0]) ? (int) explode(' ', $http_response_header[0])[1] : 0;
echo json_encode(['status' => $status, 'body' => $body === false ? error_get_last()['message'] : substr($body, 0, 2000)]);
`;

/** At once: a name that nobody knows takes its time. */
async function from(container: string, calls: Record<string, string>): Promise<Record<string, Reached>> {
  const reach = async ([name, call]: [string, string]): Promise<[string, Reached]> => [
    name,
    JSON.parse(await platform.dockerCli('exec', container, 'php', '-r', CALL, '--', call)) as Reached,
  ];
  return Object.fromEntries(await Promise.all(Object.entries(calls).map(reach)));
}

describe('forty sandboxes', () => {
  it('come up at once, each with a network outside of 172.16.0.0/12 that overlaps no other', async () => {
    const started = Date.now();
    const yaml = NAMES.map((name) => `sandbox: ${name}\nservices: ${name === WITH_ACCOUNT ? '{account: {branch: develop}}' : '{}'}\n`).join('---\n');
    await platform.ok(['apply', '-f', '-'], { input: yaml });
    await until(
      async () => (await sandboxes(platform)).filter(({ metadata, status }) => NAMES.includes(metadata.name) && isReady(status)).map(({ metadata }) => metadata.name),
      (ready) => ready.length === COUNT,
      230,
    );
    console.info(`${COUNT} sandboxes ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    networks = new Map((await sandboxNetworks()).map((network) => [network.Name, network]));
    const subnets = NAMES.map((name) => networkOf(name).subnet);
    expect(new Set(subnets).size).toBe(COUNT);
    expect(subnets.filter((subnet) => overlap(subnet, '172.16.0.0/12'))).toEqual([]);
    const all = [...networks.values()].flatMap((network) => network.IPAM.Config.map((config) => config.Subnet));
    const pairs = all.flatMap((one, index) => all.slice(index + 1).map((other) => [one, other] as const));
    expect(pairs.filter(([one, other]) => overlap(one, other))).toEqual([]);
  }, 240_000);

  it('give each sandbox its own services and its own gateway', async () => {
    const { bridge } = networkOf(WITH_ACCOUNT);
    const port = (await statusOf(platform, WITH_ACCOUNT)).gateway?.port;
    const reached = await from('sandbox-s-01-gateway', {
      account: 'http://account.sdp:7080/account',
      byName: 'http://sandbox-s-01-account:8080/account',
      baseline: 'http://payment.sdp:7080/payment',
      gateway: `http://${bridge}:${port}/account`,
    });
    expect(JSON.parse(reached['account']?.body ?? '')).toMatchObject({ servedBy: 'sandbox', branch: 'develop' });
    expect(JSON.parse(reached['byName']?.body ?? '')).toMatchObject({ servedBy: 'sandbox', branch: 'develop' });
    expect(JSON.parse(reached['baseline']?.body ?? '')).toMatchObject({ servedBy: 'baseline' });
    expect(JSON.parse(reached['gateway']?.body ?? '')).toMatchObject({ servedBy: 'sandbox', branch: 'develop' });
  });

  it('let a container reach no container of another sandbox, by address or by name', async () => {
    const account = await addressOf('sandbox-s-01-account');
    const gateway = await addressOf('sandbox-s-01-gateway');
    const reached = await from('sandbox-s-02-gateway', {
      account: `http://${account}:8080/account`,
      gateway: `http://${gateway}:8080/account`,
      accountName: 'http://sandbox-s-01-account:8080/account',
      gatewayName: 'http://sandbox-s-01-gateway:8080/account',
    });
    for (const [what, answer] of Object.entries(reached)) expect(answer.status, `${what}: ${answer.body}`).toBe(0);
  });

  it('let a container use no port of another sandbox, whichever address of its host it calls', async () => {
    const other = await statusOf(platform, WITH_ACCOUNT);
    const ports = { gateway: other.gateway?.port, account: other.services['account']?.port };
    expect(ports).toEqual({ gateway: expect.any(Number), account: expect.any(Number) });
    const hosts = {
      ownBridge: networkOf(CALLER).bridge,
      otherBridge: networkOf(WITH_ACCOUNT).bridge,
      node: platform.docker.address,
      loopback: '127.0.0.1',
    };
    const calls = Object.entries(hosts).flatMap(([where, host]) =>
      Object.entries(ports).map(([what, port]) => [`${what} at ${where}`, `http://${host}:${port}/account`] as const),
    );
    const reached = await from('sandbox-s-02-gateway', Object.fromEntries(calls));
    for (const [what, answer] of Object.entries(reached)) {
      expect([0, 403], `${what}: ${answer.status} ${answer.body}`).toContain(answer.status);
      expect(answer.body, what).not.toContain('servedBy');
    }
    // The edge itself was reached, so that the refusal is its own and no accident of the network.
    expect(reached['gateway at ownBridge']?.status).toBe(403);
  });

  it('answer inside addresses by who calls, not by the address called or the name claimed', async () => {
    const { bridge } = networkOf(WITH_ACCOUNT);
    const reached = await from('sandbox-s-02-gateway', {
      own: 'http://account.sdp:7080/account',
      otherBridge: `http://${bridge}:7080/account account.sdp`,
      node: `http://${platform.docker.address}:7080/account account.sdp`,
      container: `http://${networkOf(CALLER).bridge}:7080/account sandbox-s-01-account.sdp`,
      gateway: `http://${networkOf(CALLER).bridge}:7080/account gateway.sdp`,
    });
    expect(JSON.parse(reached['own']?.body ?? '')).toMatchObject({ servedBy: 'baseline' });
    for (const [what, answer] of Object.entries(reached)) expect(answer.body, `${what}: ${answer.status}`).not.toMatch(/"servedBy":\s*"sandbox"/);
  });

  it('leave no container, network or port behind when they are deleted', async () => {
    const started = Date.now();
    await Promise.all(NAMES.map((name) => local(platform, 'DELETE', `/sandboxes/${name}`)));
    await until(
      async () => (await sandboxes(platform)).map(({ metadata }) => metadata.name),
      (left) => left.every((name) => !NAMES.includes(name)),
      170,
    );
    console.info(`${COUNT} sandboxes gone after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    const ours = (text: string): string[] => text.split('\n').filter((line) => /\bs-\d\d\b/i.test(line));
    expect(ours(await platform.dockerCli('ps', '-a', '--format', '{{.Names}}'))).toEqual([]);
    expect(ours(await platform.dockerCli('network', 'ls', '--format', '{{.Name}}'))).toEqual([]);
    expect(ours(await platform.ok(['get', 'ports']))).toEqual([]);
    // The one sandbox that nobody deleted still answers.
    const { gateway } = await statusOf(platform, 'QA-LOGIN-ERROR');
    expect(await platform.curl(`${gateway?.url}/account`)).toMatchObject({ status: 200, body: { servedBy: 'sandbox' } });
  }, 180_000);
});
