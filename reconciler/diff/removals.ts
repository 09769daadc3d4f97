/** Which containers and networks of ours nobody wants any more. Offline nodes contribute nothing. */
import { containerName } from '#schema/names';
import type { NodeWorld } from '../model.ts';
import { onlineNodes, ownContainers } from '../observed/world.ts';
import type { Diff, DiffInput } from './diff.ts';

export type Removal =
  | { kind: 'container'; node: NodeWorld; id: string; name: string; service: string; reason: string; leftover?: true }
  | { kind: 'network'; node: NodeWorld; name: string; reason: string };

/** What is to go, given what is to stay. A container in service goes only when its successor runs. */
export function removals(input: DiffInput, diff: Diff): Removal[] {
  const { desired, world, placements } = input;
  const wanted = new Set(desired.services.map((want) => want.service));
  const kept = new Map(diff.keep.map((entry) => [entry.want.service, entry]));
  const result: Removal[] = [];
  const online = onlineNodes(world);
  const own = ownContainers(online);
  for (const { node, container } of own) {
    const service = container.service ?? '';
    const gone = (reason: string, leftover = false): void => {
      result.push({ kind: 'container', node, id: container.id, name: container.name, service, reason, ...(leftover ? { leftover: true as const } : {}) });
    };
    if (!wanted.has(service)) {
      gone('the sandbox does not run this service');
      continue;
    }
    const keeper = kept.get(service)?.holder;
    const rests =
      desired.suspended || desired.services.some((want) => want.service === service && want.run === 'stopped');
    const canonical = containerName(desired.ref.slug, service);
    // Stopped is stopped: what a drain left running does not outlive the holder of the name.
    if (rests && container.name !== canonical && own.some((item) => item.container.name === canonical)) gone('left over from a replacement');
    if (rests || !keeper || keeper.id === container.id) continue;
    const leftover = container.name !== canonical;
    gone(leftover ? 'left over from a replacement' : 'the service runs elsewhere', leftover);
  }
  for (const node of online) {
    for (const network of node.networks) {
      if (network.foreign) continue;
      const sharers = online.filter((item) => item.engine === node.engine);
      if (sharers[0] !== node && sharers[0]?.networks.some((item) => item.name === network.name)) continue;
      const used =
        [...placements.values()].some((item) => usesEngine(item, node.engine, world.nodes)) ||
        own.some((located) => located.node.engine === node.engine) ||
        world.nodes.some((item) => item.engine === node.engine && !item.online);
      if (!used)
        result.push({ kind: 'network', node, name: network.name, reason: 'no service of the sandbox runs here' });
    }
  }
  return result;
}

function usesEngine(
  placement: { kind: string; node?: NodeWorld | string },
  engine: string,
  nodes: readonly NodeWorld[],
): boolean {
  if (placement.kind === 'node') return typeof placement.node === 'object' && placement.node.engine === engine;
  if (placement.kind === 'unknown') {
    return nodes.some(
      (node) =>
        node.engine === engine && typeof placement.node === 'string' && placement.node.split(', ').includes(node.name),
    );
  }
  // A blocked service may have a container here still.
  return false;
}
