/** Where a service runs: sticky, pinned, else the fittest node. */
import { containerName, imageRef } from '#schema/names';
import type { Deployment, PortAllocation } from '#schema/records';
import type { NodeType } from '#schema/states';
import type { NodeWorld, Placement, WantedService, World } from '../model.ts';
import { nodesOfEngine } from '../observed/world.ts';

export interface PlacementInput {
  want: WantedService;
  sandboxSlug: string;
  world: World;
  ports: readonly PortAllocation[];
  /** Newest first. */
  deployments: readonly Deployment[];
}

/** Pure: where this service belongs, as far as is known. */
export function placementOf(input: PlacementInput): Placement {
  const sticky = stickyNode(input);
  const { pin, service } = input.want;
  if (pin !== undefined) {
    const pinned = input.world.nodes.find((node) => node.name === pin);
    if (!pinned) {
      return blocked(
        'no_node',
        `${service} is pinned to the node ${pin}, which is not known; start its agent or change the pin.`,
      );
    }
    // Agents that share an engine share the machine: moving between them would only stop the service.
    const stays = sticky !== undefined && sticky.engine === pinned.engine;
    return settled(stays ? sticky : pinned, service, `pinned to ${pin}`);
  }
  if (sticky) return settled(sticky, service, 'where it is already');
  return chosen(input);
}

function stickyNode({ want, sandboxSlug, world, ports, deployments }: PlacementInput): NodeWorld | undefined {
  const name = containerName(sandboxSlug, want.service);
  const holders = world.nodes.filter((node) =>
    node.containers.some((container) => !container.foreign && container.service === want.service),
  );
  const canonical = (node: NodeWorld): boolean => node.containers.some((c) => !c.foreign && c.name === name);
  const pinned = holders.find((node) => node.name === want.pin);
  const holder =
    pinned ?? holders.find((node) => node.online && canonical(node)) ?? holders.find(canonical) ?? holders[0];
  if (holder) return holder;
  const engines = new Set(ports.filter((port) => port.service === want.service).map((port) => port.engine));
  const last = deployments.find((deployment) => deployment.service === want.service && deployment.node !== undefined);
  const former = world.nodes.find((node) => node.name === last?.node && engines.has(node.engine));
  if (former) return former;
  const candidates = [...engines].sort().flatMap((engine) => nodesOfEngine(world, engine));
  return (
    ranked(
      candidates.filter((node) => hasRepository(node, want.repository)),
      want,
    )[0] ?? candidates[0]
  );
}

function settled(node: NodeWorld, service: string, reason: string): Placement {
  if (node.online) return { kind: 'node', node, reason };
  return {
    kind: 'unknown',
    node: node.name,
    reason: `${service} belongs to the node ${node.name}, which has not reported since ${node.lastSeenAt}. Start its agent, or forget the node.`,
  };
}

function chosen({ want, world }: PlacementInput): Placement {
  const online = world.nodes.filter((node) => node.online);
  const best = ranked(
    online.filter((node) => hasRepository(node, want.repository)),
    want,
  )[0];
  if (best) return { kind: 'node', node: best, reason: `${best.name} has the repository ${want.repository}` };
  const silent = world.nodes.filter((node) => !node.online).map((node) => node.name);
  if (silent.length > 0) {
    return {
      kind: 'unknown',
      node: silent.join(', '),
      reason: `No node that reports has the repository ${want.repository} for ${want.service}; ${silent.join(
        ', ',
      )} may have it, but does not report.`,
    };
  }
  return blocked(
    'unknown_repository',
    `No agent has the repository ${want.repository} that ${want.service} needs; add it to an agent's file.`,
  );
}

function hasRepository(node: NodeWorld, repository: string): boolean {
  return node.state?.repositories.some((item) => item.name === repository) ?? false;
}

/** Best first: usable repository, type, image, free memory, name. */
function ranked(nodes: readonly NodeWorld[], want: WantedService): NodeWorld[] {
  const preferred: NodeType = want.kind === 'gateway' ? 'GATEWAY' : 'MICRO';
  const commit = want.source.kind === 'commit' ? want.source.commit : undefined;
  const score = (node: NodeWorld): number[] => {
    const repository = node.state?.repositories.find((item) => item.name === want.repository);
    const ref = commit && repository ? imageRef(want.repository, commit, repository.buildHash) : undefined;
    return [
      repository?.problem === undefined ? 1 : 0,
      node.online ? 1 : 0,
      node.type === preferred ? 1 : 0,
      node.state?.images.some((image) => image.ref === ref) ? 1 : 0,
      node.state?.memoryFreeBytes ?? 0,
    ];
  };
  return [...nodes].sort((a, b) => {
    const [left, right] = [score(a), score(b)];
    for (const [index, value] of left.entries()) {
      const difference = (right[index] ?? 0) - value;
      if (difference !== 0) return difference;
    }
    return a.name < b.name ? -1 : 1;
  });
}

function blocked(code: 'no_node' | 'unknown_repository', reason: string): Placement {
  return { kind: 'blocked', problem: { code, reason } };
}
