/** Pure steps on what an agent reported. */
import type { NodeState, NodeStateDelta, ObservedContainer } from '#schema/wire/report';

/** The state after a delta; the one given stays as it is. */
export function applyDelta(state: NodeState, delta: NodeStateDelta): NodeState {
  const next: NodeState = { ...state };
  if (delta.containers !== undefined) {
    const byId = new Map(state.containers.map((container) => [container.id, container]));
    for (const id of delta.containers.remove) byId.delete(id);
    for (const container of delta.containers.upsert) byId.set(container.id, container);
    next.containers = [...byId.values()];
  }
  if (delta.networks !== undefined) next.networks = delta.networks;
  if (delta.images !== undefined) next.images = delta.images;
  if (delta.repositories !== undefined) next.repositories = delta.repositories;
  if (delta.edge !== undefined) next.edge = delta.edge;
  return next;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function changedUids<T extends { sandboxUid?: string }>(before: readonly T[], after: readonly T[], key: (item: T) => string): string[] {
  const old = new Map(before.map((item) => [key(item), item]));
  const uids: string[] = [];
  for (const item of after) {
    const former = old.get(key(item));
    old.delete(key(item));
    if (former !== undefined && same(former, item)) continue;
    for (const uid of [item.sandboxUid, former?.sandboxUid]) if (uid !== undefined) uids.push(uid);
  }
  for (const gone of old.values()) if (gone.sandboxUid !== undefined) uids.push(gone.sandboxUid);
  return uids;
}

/** Keys, such as uids of sandboxes, whose values differ. */
function changedKeys(before: Readonly<Record<string, unknown>> = {}, after: Readonly<Record<string, unknown>> = {}): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !same(before[key], after[key]));
}

/** What an edge says of itself, and not of single sandboxes. */
const itself = ({ routes: _routes, checks: _checks, waiting: _waiting, ...edge }: NodeState['edge']): object => edge;

/** A foreign object may hold the name of any sandbox. */
const foreign = (containers: readonly ObservedContainer[]): ObservedContainer[] => containers.filter((container) => container.foreign);

/** uids of the sandboxes that the difference of two reports concerns; `all` when it concerns the node itself. */
export function concerned(before: NodeState | undefined, after: NodeState): string[] | 'all' {
  if (before === undefined) return 'all';
  const nodeWide =
    !same(before.repositories, after.repositories) ||
    !same(before.images, after.images) ||
    !same(itself(before.edge), itself(after.edge)) ||
    !same(foreign(before.containers), foreign(after.containers));
  if (nodeWide) return 'all';
  return [
    ...new Set([
      ...changedUids(before.containers, after.containers, (container) => container.id),
      ...changedUids(before.networks, after.networks, (network) => network.id),
      ...changedKeys(before.edge.routes, after.edge.routes),
      ...changedKeys(before.edge.checks, after.edge.checks),
      ...changedKeys(before.edge.waiting, after.edge.waiting),
    ]),
  ];
}
