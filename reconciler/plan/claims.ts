/** Which ports and subnets a sandbox still has to claim, and which it may give back. Pure. */
import type { PortAllocation, SubnetAllocation } from '#schema/records';
import type { Desired, NodeWorld, Placement, World } from '../model.ts';
import { foreignPorts, nodesOfEngine, ownContainers } from '../observed/world.ts';

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
    const avoid = foreignPorts(world, node.engine);
    const port = held.ports.find((item) => item.engine === node.engine && item.service === want.service);
    if (!port || avoid.includes(port.port)) {
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
