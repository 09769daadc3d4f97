/** What is left to do before nothing of a sandbox exists any more. Pure. */
import type { PortAllocation, SubnetAllocation } from '#schema/records';
import type { SandboxRef } from '#schema/wire/commands';
import type { Attempt } from '#specs/store';
import { trialOf } from '../diff/attempts.ts';
import { isUp } from '../diff/diff.ts';
import type { Problem, Step, World } from '../model.ts';
import { onlineNodes, ownContainers } from '../observed/world.ts';
import { routesHash } from '../routes/edge-routes.ts';

export interface DeletionInput {
  ref: SandboxRef;
  world: World;
  ports: readonly PortAllocation[];
  subnets: readonly SubnetAllocation[];
  attempts: readonly Attempt[];
  now: number;
}

export interface Deletion {
  steps: Step[];
  /** Nodes that may hold something of it and do not report: it waits until they do or are forgotten. */
  silent: { node: string; problem: Problem }[];
}

/** Routes first, then containers, then the network. Nothing is concluded from a silent node. */
export function deletionOf(input: DeletionInput): Deletion {
  const { ref, world } = input;
  const engines = new Set([...input.ports, ...input.subnets].map((allocation) => allocation.engine));
  const silent = world.nodes
    .filter((node) => !node.online && (engines.has(node.engine) || node.containers.some((item) => !item.foreign)))
    .map((node) => ({
      node: node.name,
      problem: {
        code: 'node_offline' as const,
        reason: `The node ${node.name} does not report, and may hold containers of ${ref.name}. Start its agent, or forget the node.`,
      },
    }));
  const online = onlineNodes(world);
  const routes = online
    .filter((node) => node.state?.edge.owner === true && node.state.edge.routes[ref.uid] !== undefined)
    .map(
      (node): Step => ({
        action: 'route',
        node: node.name,
        reason: 'take its routes away',
        key: `@routes/${node.engine}`,
        kind: 'routes',
        subject: 'none',
        input: 'none',
        order: { type: 'routes', sandbox: ref, routes: null, hash: routesHash(null) },
      }),
    );
  const own = ownContainers(online);
  const containers = own.map(
    ({ node, container }): Step => ({
      action: 'remove',
      node: node.name,
      reason: `remove ${container.name}${isUp(container) ? ', which runs' : ''}`,
      ...(container.service === undefined ? {} : { service: container.service }),
      key: container.service ?? `@remove/${container.id}`,
      kind: 'remove',
      subject: container.id,
      input: container.id,
      order: { type: 'remove', sandbox: ref, object: { kind: 'container', id: container.id } },
    }),
  );
  const networks = new Map<string, Step>();
  for (const node of online) {
    for (const network of node.networks) {
      if (network.foreign || networks.has(node.engine)) continue;
      const step: Step = {
        action: 'remove',
        node: node.name,
        reason: `remove the network ${network.name}`,
        key: `@network/${node.engine}`,
        kind: 'remove',
        subject: network.name,
        input: network.name,
        order: { type: 'remove', sandbox: ref, object: { kind: 'network', name: network.name } },
      };
      const used = own.some((located) => located.node.engine === node.engine);
      networks.set(node.engine, used ? { ...step, waits: 'comes after its containers' } : step);
    }
  }
  const steps = [...routes, ...containers, ...networks.values()].map((step): Step => {
    if (step.waits !== undefined) return step;
    const trial = trialOf(input.attempts, step, input.now);
    return trial.kind === 'waiting'
      ? { ...step, waits: `tries again at ${trial.until} after: ${trial.attempt.message}` }
      : step;
  });
  return { steps, silent };
}
