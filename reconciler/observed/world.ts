/** What the nodes report, narrowed to one sandbox. */
import { networkName } from '#schema/names';
import type { SandboxRef } from '#schema/wire/commands';
import type { ObservedContainer } from '#schema/wire/report';
import type { NodeRecord } from '#specs/store';
import type { FleetNode } from '../contract.ts';
import type { NodeWorld, World } from '../model.ts';

/**
 * Every node that is known, live or from records. A node without a believable report is kept as offline:
 * what it holds is unknown, not absent (invariant 7).
 */
export function worldOf(fleet: readonly FleetNode[], records: readonly NodeRecord[], ref: SandboxRef): World {
  const nodes = new Map<string, NodeWorld>();
  for (const record of records) {
    nodes.set(record.name, {
      name: record.name,
      type: record.type,
      address: record.address,
      engine: record.engine,
      online: false,
      lastSeenAt: record.lastSeenAt,
      ports: undefined,
      network: undefined,
      state: undefined,
      containers: [],
      networks: [],
    });
  }
  for (const node of fleet) nodes.set(node.hello.node.name, fromFleet(node, ref));
  return { nodes: [...nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function fromFleet(node: FleetNode, ref: SandboxRef): NodeWorld {
  const { hello, state } = node;
  const network = networkName(ref.slug);
  const prefix = `${network}-`;
  return {
    name: hello.node.name,
    type: hello.node.type,
    address: hello.node.address,
    engine: hello.engine.id,
    online: node.online && state !== undefined,
    lastSeenAt: node.lastSeenAt,
    ports: hello.ports,
    network: hello.network,
    state,
    containers: (state?.containers ?? []).filter((container) =>
      container.foreign ? container.name.startsWith(prefix) : container.sandboxUid === ref.uid,
    ),
    networks: (state?.networks ?? []).filter((item) =>
      item.foreign ? item.name === network : item.sandboxUid === ref.uid,
    ),
  };
}

/** Nodes whose report may be believed. */
export function onlineNodes(world: World): NodeWorld[] {
  return world.nodes.filter((node) => node.online);
}

/** Nodes that share an engine. */
export function nodesOfEngine(world: World, engine: string): NodeWorld[] {
  return world.nodes.filter((node) => node.engine === engine);
}

/** The node that runs the edge of an engine, when it reports. */
export function edgeOwner(world: World, engine: string): NodeWorld | undefined {
  return world.nodes.find((node) => node.online && node.engine === engine && node.state?.edge.owner === true);
}

/** A container together with the node that reports it. */
export interface Located {
  node: NodeWorld;
  container: ObservedContainer;
}

/** Containers of ours, with their nodes; foreign ones are left out. */
export function ownContainers(nodes: readonly NodeWorld[]): Located[] {
  return nodes.flatMap((node) =>
    node.containers.filter((container) => !container.foreign).map((container) => ({ node, container })),
  );
}

/** Ports on an engine that processes of others hold. */
export function foreignPorts(world: World, engine: string): number[] {
  return nodesOfEngine(world, engine).flatMap((node) => (node.online ? node.state?.edge.foreignPorts ?? [] : []));
}

/** Ports that are never handed out: those of others, and the one that serves all sandboxes. */
export function avoidedPorts(world: World, engine: string): number[] {
  const shared = nodesOfEngine(world, engine).map((node) => node.state?.edge.sharedPort);
  return [...foreignPorts(world, engine), ...shared.filter((port) => port !== undefined)];
}
