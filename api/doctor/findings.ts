/** What a node's report and its answer mean for people. Pure. */
import { overlap, parseNetwork } from '#schema/cidr';
import type { DoctorFinding } from '#schema/http';
import type { CommandResultOf } from '#schema/wire/commands';
import type { FleetNode } from '#reconciler/contract';

const failed = (message: string): DoctorFinding => ({ level: 'failed', message });
const warning = (message: string): DoctorFinding => ({ level: 'warning', message });

/** What is seen without asking the node. */
export function edgeFindings(node: FleetNode): DoctorFinding[] {
  const edge = node.state?.edge;
  if (edge === undefined || !edge.owner) return [];
  const findings: DoctorFinding[] = [];
  if (edge.state !== 'ready') {
    findings.push(failed(`The edge is ${edge.state}: ${edge.message ?? 'no reason is known; see the log of the agent'}`));
  } else if (edge.message !== undefined) {
    findings.push(warning(`The edge says: ${edge.message}`));
  }
  const { gateway, service } = node.hello.ports;
  const inRange = edge.foreignPorts.filter((port) => [gateway, service].some(({ from, to }) => from <= port && port <= to));
  if (inRange.length > 0) {
    findings.push(warning(`Other processes hold ports of its ranges, which stay unused: ${ranges(inRange)}.`));
  }
  return findings;
}

/** `8080, 8082-8084`. */
export function ranges(ports: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === port - 1) last[1] = port;
    else runs.push([port, port]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}

/**
 * Addresses that lie in the pool would be unreachable from every sandbox: its networks take them.
 * @param nodes addresses of all nodes, by name
 */
export function poolFindings({ baselines, pool }: CommandResultOf['doctor'], nodes: ReadonlyMap<string, string>): DoctorFinding[] {
  const inPool = addressesOf(pool);
  if (inPool === undefined) return [failed(`network.pool of this node, "${pool}", is not a network such as 10.213.0.0/16.`)];
  const lie = (what: string, address: string): DoctorFinding =>
    failed(`${what} has the address ${address}, which lies in network.pool (${pool}): sandboxes would not reach it. Choose another network.pool in the agent's file.`);
  return [
    // A check that failed while looking the name up has said so itself.
    ...baselines.filter(({ ok, step }) => ok || step !== 'resolve').flatMap(({ service, url, addresses }) => addresses.filter(inPool).map((address) => lie(`The baseline of ${service}, ${url},`, address))),
    ...[...nodes].filter(([, address]) => inPool(address)).map(([name, address]) => lie(`The node ${name}`, address)),
  ];
}

/** IPv4 only: sandbox networks have no other. */
function addressesOf(pool: string): ((address: string) => boolean) | undefined {
  const network = parseNetwork(pool);
  if (network === undefined) return undefined;
  return (address) => {
    const one = parseNetwork(address);
    return one !== undefined && overlap(network, one);
  };
}
