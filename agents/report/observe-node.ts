/** One look at everything that a node reports. Throws rather than leaving something out. */
import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import type { NodeState, ObservedEdge } from '#schema/wire/report';
import type { Builder, Edge, Engine } from '../contract.ts';

/** An agent that does not own the edge of its engine says so. */
const NOT_OWNER: ObservedEdge = { owner: false, state: 'ready', routes: {}, foreignPorts: [] };

export async function observeNode(parts: {
  engine: Engine;
  builder: Builder;
  edge: Edge | undefined;
  dataDir: string;
}): Promise<NodeState> {
  const [engine, repositories, disk] = await Promise.all([parts.engine.state(), parts.builder.observe(), statfs(parts.dataDir)]);
  await parts.edge?.containersChanged([...engine.containers, ...engine.neighbours], engine.networks);
  return {
    repositories,
    containers: engine.containers,
    networks: engine.networks,
    images: engine.images,
    edge: parts.edge?.state() ?? NOT_OWNER,
    memoryFreeBytes: freemem(),
    diskFreeBytes: disk.bavail * disk.bsize,
  };
}
