/** One look at everything that a node reports but the edge's own state, which needs no look. Throws rather than leaving something out. */
import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import type { NodeState } from '#schema/wire/report';
import type { Builder, Edge, Engine } from '../contract.ts';

export async function observeNode(parts: {
  engine: Engine;
  builder: Builder;
  edge: Edge | undefined;
  dataDir: string;
}): Promise<Omit<NodeState, 'edge'>> {
  const [engine, repositories, disk] = await Promise.all([parts.engine.state(), parts.builder.observe(), statfs(parts.dataDir)]);
  await parts.edge?.containersChanged([...engine.containers, ...engine.neighbours], engine.networks);
  return {
    repositories,
    containers: engine.containers,
    networks: engine.networks,
    images: engine.images,
    memoryFreeBytes: freemem(),
    diskFreeBytes: disk.bavail * disk.bsize,
  };
}
