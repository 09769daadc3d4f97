/** Which ports and subnets a sandbox still has to claim, and which it may give back. Pure. */
import type { PortAllocation, SubnetAllocation } from '#schema/records';
import type { Desired, NodeWorld, Placement, Problem, World } from '../model.ts';
import { avoidedPorts, foreignPorts, nodesOfEngine, ownContainers } from '../observed/world.ts';

export interface PortClaim {
  service: string;
  kind: 'gateway' | 'service';
  node: NodeWorld;
  avoid: number[];
  /** The port that a foreign process took. */
  lost: number | undefined;
}

export interface Claims {
  ports: PortClaim[];
  subnets: NodeWorld[];
}

/** What is taken on the engines that a sandbox claims from, by whomever. */
export interface Taken {
  ports: readonly { engine: string; port: number }[];
  subnets: readonly { engine: string }[];
}

/** Claims that find their pool empty, in plain words: known before anything is stopped (F2). */
export function fullPools(claims: Claims, taken: Taken): { service?: string; problem: Problem }[] {
  const problems: { service?: string; problem: Problem }[] = [];
  const left = new Map<string, number>();
  for (const { service, kind, node, avoid } of claims.ports) {
    const range = node.ports?.[kind];
    if (!range) continue;
    const pool = `${node.engine} ${kind}`;
    const used = new Set([...avoid, ...taken.ports.filter((item) => item.engine === node.engine).map((item) => item.port)]);
    const inRange = [...used].filter((port) => port >= range.from && port <= range.to).length;
    const free = left.get(pool) ?? range.to - range.from + 1 - inRange;
    left.set(pool, free - 1);
    if (free > 0) continue;
    const reason = `No ${kind} port between ${range.from} and ${range.to} is free for ${service} on ${node.name}; delete sandboxes that nobody needs, or widen ports.${kind} in the agent's file.`;
    problems.push({ service, problem: { code: 'port_pool_exhausted', reason } });
  }
  for (const node of claims.subnets) {
    if (!node.network) continue;
    const { pool, prefix } = node.network;
    const blocks = 2 ** Math.max(0, prefix - Number(pool.split('/')[1] ?? prefix));
    if (taken.subnets.filter((item) => item.engine === node.engine).length < blocks) continue;
    const reason = `No /${prefix} of ${pool} is free on ${node.name}; delete sandboxes that nobody needs, or give the agent a larger network.pool.`;
    problems.push({ problem: { code: 'subnet_pool_exhausted', reason } });
  }
  return problems;
}

export function claimsOf(
  desired: Desired,
  placements: ReadonlyMap<string, Placement>,
  world: World,
  held: { ports: readonly PortAllocation[]; subnets: readonly SubnetAllocation[] },
): Claims {
  const claims: Claims = { ports: [], subnets: [] };
  for (const want of desired.services) {
    const placement = placements.get(want.service);
    if (placement?.kind !== 'node') continue;
    const { node } = placement;
    const avoid = avoidedPorts(world, node.engine);
    const port = held.ports.find((item) => item.engine === node.engine && item.service === want.service);
    if (!port || foreignPorts(world, node.engine).includes(port.port)) {
      claims.ports.push({ service: want.service, kind: want.kind, node, avoid, lost: port?.port });
    }
    const known = held.subnets.some((item) => item.engine === node.engine);
    if (!known && !claims.subnets.some((item) => item.engine === node.engine)) claims.subnets.push(node);
  }
  return claims;
}

/**
 * Ports that nothing needs any more: of engines that no known node has, and of services that are neither wanted nor
 * present on an engine of which every node reports.
 */
export function releasablePorts(
  desired: Desired,
  placements: ReadonlyMap<string, Placement>,
  world: World,
  ports: readonly PortAllocation[],
): PortAllocation[] {
  return ports.filter((port) => {
    const nodes = nodesOfEngine(world, port.engine);
    if (nodes.length === 0) return true;
    if (nodes.some((node) => !node.online)) return false;
    const wanted = desired.services.some((want) => want.service === port.service);
    const placement = placements.get(port.service);
    const here = placement?.kind !== 'node' || placement.node.engine === port.engine;
    if (wanted && here) return false;
    return !ownContainers(nodes).some(({ container }) => container.service === port.service);
  });
}
