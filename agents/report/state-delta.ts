/** What changed between two observations of a node. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { NodeState, NodeStateDelta } from '#schema/wire/report';

const LISTS = ['networks', 'images', 'repositories', 'edge'] as const;

/** undefined when nothing changed that matters. Free memory and disk alone do not. */
export function stateDelta(before: NodeState, after: NodeState): NodeStateDelta | undefined {
  const known = new Map(before.containers.map((container) => [container.id, container]));
  const upsert = after.containers.filter((container) => !isDeepStrictEqual(known.get(container.id), container));
  const present = new Set(after.containers.map((container) => container.id));
  const remove = [...known.keys()].filter((id) => !present.has(id));
  const delta: NodeStateDelta = {};
  if (upsert.length > 0 || remove.length > 0) delta.containers = { upsert, remove };
  for (const list of LISTS) {
    if (!isDeepStrictEqual(before[list], after[list])) Object.assign(delta, { [list]: after[list] });
  }
  return Object.keys(delta).length === 0 ? undefined : delta;
}
