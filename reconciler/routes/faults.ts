/** Which faults of a sandbox's Route last, and when the next of them ends. Pure. */
import { activeFault } from '#schema/faults';
import { slugOf } from '#schema/names';
import type { EdgeFault, EdgeRoutes } from '#schema/wire/commands';
import type { Inputs, NodeWorld } from '../model.ts';

/** Faults that last, by service; undefined when there is none. */
export function routeFaults({ route, catalogue }: Inputs, now: number): Record<string, EdgeFault> | undefined {
  const faults = Object.entries(route?.spec.routes ?? {}).flatMap(([name, entry]) => {
    const fault = activeFault(entry.fault, route?.metadata.updatedAt ?? '', now);
    return fault === undefined || !catalogue.has(slugOf(name)) ? [] : [[slugOf(name), fault] as const];
  });
  return faults.length === 0 ? undefined : Object.fromEntries(faults.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Why a delay does nothing on some of a sandbox's edges, by service: not every HAProxy can delay. */
export function vainDelays(routes: readonly VainInput[]): Map<string, string> {
  const nodes = new Map<string, string[]>();
  for (const { owner, routes: own } of routes) {
    if (owner.state?.edge.cannotDelay !== true) continue;
    for (const [service, fault] of Object.entries(own?.faults ?? {})) {
      if (fault.kind === 'delay') nodes.set(service, [...(nodes.get(service) ?? []), owner.name]);
    }
  }
  return new Map(
    [...nodes].map(([service, names]) => [
      service,
      `Requests for ${service} from containers on ${names.join(', ')} are not delayed: the HAProxy there was built without Lua. Load an edge image whose \`haproxy -vv\` says +LUA, or use a fault of the kind status or reset.`,
    ]),
  );
}

/** Routes on one engine, with the node whose edge has them. */
interface VainInput {
  owner: Pick<NodeWorld, 'name' | 'state'>;
  routes: Pick<EdgeRoutes, 'faults'> | null;
}

/** Milliseconds until the next of them ends; undefined when none lasts. */
export function nextFaultEnd(inputs: Inputs, now: number): number | undefined {
  const ends = Object.values(routeFaults(inputs, now) ?? {}).map((fault) => Date.parse(fault.until) - now);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
