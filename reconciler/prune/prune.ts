/** Has nodes remove images and release commits that nobody needs any more. */
import { randomUUID } from 'node:crypto';
import type { PruneView } from '#schema/http';
import { SdpError } from '#schema/errors';
import type { Store } from '#specs/store';
import type { Clock, Defaults, Fleet, FleetNode } from '../contract.ts';
import { keptOf, keptOnNode, type Kept } from './kept.ts';

/** Milliseconds that a node has for it. */
const ALLOWANCE_MS = 5 * 60_000;

export interface PruneContext {
  store: Pick<Store, 'list' | 'resolutions' | 'resolvedCommits'>;
  fleet: Fleet;
  clock: Clock;
  defaults: Defaults;
  epoch: number;
}

/** Everything that is still needed. A read that fails throws: nothing is removed on half the truth. */
export async function readKept({ store, clock, defaults }: PruneContext): Promise<Kept> {
  // The commits of a deleted sandbox stay as long as it can be restored, so that this needs no fetch.
  const since = new Date(clock.now() - defaults.retentionDays * 86_400_000).toISOString();
  const sandboxes = await store.list('Sandbox');
  const resolutions = new Map<string, Awaited<ReturnType<Store['resolutions']>>>();
  for (const { metadata } of sandboxes) resolutions.set(metadata.uid, await store.resolutions(metadata.uid));
  return keptOf({
    sandboxes,
    resolutions,
    catalogue: new Map((await store.list('Service')).map((service) => [service.metadata.slug, service])),
    snapshots: await store.list('Snapshot'),
    resolvedCommits: await store.resolvedCommits(since),
    gatewayRepository: defaults.gateway.repository,
  });
}

/** One answer per node that is known; of one that does not report nothing is asked. */
export async function pruneNodes(context: PruneContext): Promise<PruneView[]> {
  const nodes = context.fleet.nodes();
  const kept = await readKept(context);
  return Promise.all(nodes.map((node) => pruneNode(context, node, kept)));
}

async function pruneNode({ fleet, clock, epoch }: PruneContext, node: FleetNode, kept: Kept): Promise<PruneView> {
  const { name } = node.hello.node;
  if (!node.online || node.state === undefined) return { node: name, removedImages: [], releasedCommits: 0, problem: 'It does not report.' };
  try {
    const onEngine = fleet.nodes().filter(({ hello }) => hello.engine.id === node.hello.engine.id);
    const deadline = new Date(clock.now() + ALLOWANCE_MS).toISOString();
    const command = { type: 'prune', id: randomUUID(), epoch, attempt: 1, deadline, ...keptOnNode(kept, node, onEngine) } as const;
    const { removedImages, releasedCommits = 0 } = await fleet.send(name, command);
    return { node: name, removedImages, releasedCommits };
  } catch (thrown) {
    return { node: name, removedImages: [], releasedCommits: 0, problem: SdpError.from(thrown).message };
  }
}
