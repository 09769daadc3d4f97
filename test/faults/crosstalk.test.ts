/**
 * Two sandboxes of the same services, told apart by what their containers answer: no request of one reaches the other,
 * under load, while others come and go on addresses that are used again, and from a container that tries on purpose.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Platform, type LoopResult } from '../e2e/support/platform.ts';
import { login, statusOf } from './support/helpers.ts';

const SERVICES = ['account', 'payment'] as const;
/** A setting that the services answer with; each sandbox gives it its own slug. */
const MARK = 'CURRENCY';
const ROUNDS = 4;

let platform: Platform;

const sandbox = (name: string, logLevel = 'info'): string =>
  `sandbox: ${name}\nservices: {account: {branch: develop}, payment: {branch: develop}}\nvariables: {${MARK}: "{sandbox}", LOG_LEVEL: ${logLevel}}\n`;

const applyAll = (...documents: string[]): Promise<string> =>
  platform.ok(['apply', '-f', '-', '--wait', '--timeout', '200s'], { input: documents.join('---\n') });

const gatewayOf = async (name: string): Promise<string> => {
  const { gateway } = await statusOf(platform, name);
  if (gateway?.url === undefined) throw new Error(`${name} has no gateway`);
  return gateway.url;
};

beforeAll(async () => {
  platform = await Platform.create('faults-crosstalk');
  await platform.start();
  await login(platform);
  await applyAll(sandbox('ONE'), sandbox('TWO'));
}, 300_000);

afterAll(async () => {
  await platform.destroy();
}, 60_000);

describe('two sandboxes of the same services', () => {
  it('answer each for itself under load, while a third comes and goes and their own containers are replaced', async () => {
    const names = ['ONE', 'TWO'];
    const loops: { name: string; loop: { stop(): Promise<LoopResult> } }[] = [];
    for (const name of names) {
      const gateway = await gatewayOf(name);
      for (const service of SERVICES) loops.push({ name, loop: platform.requestLoop(`${gateway}/${service}`, 20, MARK) });
    }
    const subnets = new Set<string>();
    for (let round = 1; round <= ROUNDS; round += 1) {
      await applyAll(sandbox('CHURN'), sandbox('ONE', `round-${round}`));
      const gateway = await gatewayOf('CHURN');
      for (const service of SERVICES) {
        expect(await platform.curl(`${gateway}/${service}`)).toMatchObject({ status: 200, body: { settings: { [MARK]: 'churn' } } });
      }
      const subnet = await platform.dockerCli('network', 'inspect', '-f', '{{range .IPAM.Config}}{{.Subnet}}{{end}}', 'sandbox-churn');
      subnets.add(subnet.trim());
      await platform.ok(['delete', 'sandbox', 'CHURN', '--wait', '--timeout', '60s']);
    }
    expect(subnets.size, 'addresses were used again').toBeLessThan(ROUNDS);
    for (const { name, loop } of loops) {
      const { sent, failures, bodies } = await loop.stop();
      expect(failures).toEqual([]);
      expect(sent).toBeGreaterThan(100);
      expect(Object.keys(bodies).filter((key) => !key.endsWith(` ${name.toLowerCase()}`)), `answers to ${name}`).toEqual([]);
    }
  }, 400_000);

  it('give nothing away to a container that calls every address and name of the host and of the other', async () => {
    const addresses = await hostAddresses();
    const containers = await containerAddresses('ONE');
    const ports = [...(await listeningPorts()), 8080];
    const names = ['sandbox-one-account', 'sandbox-one-payment', 'sandbox-one-gateway', 'account.sdp', 'ONE.account.sdp', 'localhost'];
    const hosts = ['', 'account.sdp', 'payment.sdp', 'gateway.sdp', 'sandbox-one-account.sdp', 'ONE.anything'];
    const answers = (
      await Promise.all([...addresses, ...containers, ...names].map((address) => scanFrom('sandbox-two-gateway', address, ports, hosts)))
    ).flat();
    expect(answers.length, 'the scan met the edge').toBeGreaterThan(20);
    expect(answers.some(({ body }) => marksIn(body).includes('two')), 'and its own sandbox').toBe(true);
    const strangers = answers.filter(({ body }) => marksIn(body).some((mark) => mark !== 'two'));
    expect(strangers.map(({ call }) => call)).toEqual([]);
  }, 120_000);
});

/** Slugs of the sandboxes whose containers have a part in an answer. */
function marksIn(body: string): string[] {
  return [...body.matchAll(/"CURRENCY":\s*"([^"]*)"/g)].map((match) => match[1] ?? '');
}

/** Every IPv4 address of the host, bridges included. */
async function hostAddresses(): Promise<string[]> {
  const links = JSON.parse(await platform.docker.exec('ip', ['-j', '-4', 'addr'])) as { addr_info: { local: string }[] }[];
  return links.flatMap((link) => link.addr_info.map((one) => one.local));
}

async function containerAddresses(name: string): Promise<string[]> {
  const text = await platform.dockerCli('network', 'inspect', '-f', '{{range .Containers}}{{.IPv4Address}} {{end}}', `sandbox-${name.toLowerCase()}`);
  return text.trim().split(/\s+/).map((address) => address.replace(/\/\d+$/, ''));
}

/** TCP ports on which anything of the host listens that may concern a sandbox: of each range a few. */
async function listeningPorts(): Promise<number[]> {
  const text = await platform.docker.exec('ss', ['-Hltn']);
  const all = new Set(text.split('\n').map((line) => Number(/:(\d+)\s/.exec(line)?.[1])).filter(Boolean));
  const inRange = (from: number, to: number) => (port: number) => port >= from && port <= to;
  const few = [inRange(8080, 8090), inRange(9001, 9012)];
  return [...all].filter((port) => few.some((range) => range(port)) || port < 8080 || port > 9999);
}

interface Answer {
  call: string;
  body: string;
}

/** Calls an address at each port with each Host; ports that take no connection within half a second are left out. */
const SCAN = `
[, $address, $ports, $hosts] = $argv;
$answers = [];
// A name that nobody knows takes seconds to fail, and would at each port.
if (filter_var(gethostbyname($address), FILTER_VALIDATE_IP) === false) exit('[]');
foreach (explode(',', $ports) as $port) {
  $probe = @stream_socket_client("tcp://$address:$port", $code, $why, 0.5);
  if ($probe === false) continue;
  fclose($probe);
  foreach (explode(',', $hosts) as $host) {
    $header = ($host === '' ? '' : "Host: $host\\r\\n") . "X-SDP-Sandbox: ONE\\r\\nX-SDP-Hop: guess\\r\\nX-Forwarded-For: 10.0.0.1";
    $options = ['timeout' => 1, 'ignore_errors' => true, 'header' => $header];
    $body = @file_get_contents("http://$address:$port/account", false, stream_context_create(['http' => $options]));
    if ($body !== false) $answers[] = ['call' => "$address:$port as $host", 'body' => substr($body, 0, 4000)];
  }
}
echo json_encode($answers, JSON_INVALID_UTF8_SUBSTITUTE);
`;

async function scanFrom(container: string, address: string, ports: readonly number[], hosts: readonly string[]): Promise<Answer[]> {
  return JSON.parse(await platform.dockerCli('exec', container, 'php', '-r', SCAN, '--', address, ports.join(','), hosts.join(','))) as Answer[];
}
