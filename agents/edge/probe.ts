/**
 * Asks from inside a sandbox's network whether the edge can be reached there: host firewalls (ufw, firewalld) commonly
 * drop what comes from a container's bridge. HAProxy's own health check is the client, since the edge's image has no other.
 */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { EDGE_INSIDE_PORT, LABELS } from '#schema/names';

const run = promisify(execFile);
const ANSWER_MS = 4_000;

export interface ProbeOrder {
  docker: Docker;
  installation: string;
  image: string;
  /** Name of the sandbox's network on this engine. */
  network: string;
}

/** Undefined when the edge answers; else what is in the way, in plain words. Throws when it could not be asked. */
export async function probeFromInside(order: ProbeOrder): Promise<string | undefined> {
  const { docker, network } = order;
  const info = (await docker.getNetwork(network).inspect()) as { IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] } };
  const pool = info.IPAM?.Config?.[0];
  const host = pool?.Gateway ?? (pool?.Subnet === undefined ? undefined : firstAddress(pool.Subnet));
  if (host === undefined) throw new Error(`the network ${network} has no address of its host`);
  const container = await docker.createContainer({
    Image: order.image,
    Entrypoint: ['haproxy'],
    Cmd: ['-db', '-f', '/probe.cfg'],
    WorkingDir: '/',
    // No sandbox label: it is no service, and whoever lists services does not see it.
    Labels: { [LABELS.installation]: order.installation, [LABELS.role]: 'probe' },
    HostConfig: { NetworkMode: network, Memory: 128 * 1024 * 1024, PidsLimit: 64, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
  });
  try {
    await container.putArchive(await asTar('probe.cfg', probeConfig(host)), { path: '/' });
    await container.start();
    return (await verdict(container)) ? undefined : blocked(network, host, await firewallRule());
  } finally {
    await container.remove({ force: true });
  }
}

/** What the engine gives the host where nobody chose: the address after the network's own. */
export function firstAddress(subnet: string): string {
  return subnet.replace(/(\d+)\/\d+$/, (_, last: string) => String(Number(last) + 1));
}

/** Health checks are logged, so that both outcomes are said. */
function probeConfig(host: string): string {
  return `global
  maxconn 10
  log stdout format raw daemon notice
defaults
  mode tcp
  log global
  timeout connect 2s
  timeout client 2s
  timeout server 2s
listen probe
  # HAProxy wants a listener; nothing uses it.
  bind 127.0.0.1:7081
  option log-health-checks
  timeout check 2s
  server edge ${host}:${EDGE_INSIDE_PORT} check inter 500 rise 1 fall 1
`;
}

async function verdict(container: Docker.Container): Promise<boolean> {
  const deadline = Date.now() + ANSWER_MS;
  while (Date.now() < deadline) {
    const text = (await container.logs({ stdout: true, stderr: true })).toString('utf8');
    if (/Health check for server \S+ succeeded/.test(text)) return true;
    if (/Health check for server \S+ failed/.test(text)) return false;
    await sleep(100);
  }
  throw new Error('the probe said nothing');
}

function blocked(network: string, host: string, rule: string | undefined): string {
  const named = rule === undefined ? 'A firewall rule of this host is in the way' : `In the way is "${rule}"`;
  return (
    `Containers of ${network} cannot reach the edge at ${host}:${EDGE_INSIDE_PORT}, so no sandbox can call its services. ` +
    `${named}. Allow it: iptables -I INPUT -p tcp --dport ${EDGE_INSIDE_PORT} -j ACCEPT (or ufw allow ${EDGE_INSIDE_PORT}/tcp).`
  );
}

/** The first rule that refuses without asking for another port, else a refusing policy; undefined when unreadable. */
async function firewallRule(): Promise<string | undefined> {
  const { stdout } = await run('iptables', ['-S', 'INPUT'], { timeout: 5_000 }).catch(() => ({ stdout: '' }));
  return refusingRule(stdout.split('\n'));
}

export function refusingRule(rules: readonly string[]): string | undefined {
  const refuses = (rule: string): boolean => /-j (DROP|REJECT)\b/.test(rule);
  const aboutOther = (rule: string): boolean => /--dports? /.test(rule) && !new RegExp(`\\b${EDGE_INSIDE_PORT}\\b`).test(rule);
  const policy = rules.find((rule) => /^-P INPUT (DROP|REJECT)/.test(rule));
  return rules.find((rule) => refuses(rule) && !aboutOther(rule)) ?? policy;
}

async function asTar(name: string, text: string): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name }, text);
  tar.finalize();
  return buffer(tar);
}
