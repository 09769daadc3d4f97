/** Which faults of a sandbox's Route last, and when the next of them ends. Pure. */
import { activeFault } from '#schema/faults';
import { slugOf } from '#schema/names';
import type { EdgeFault } from '#schema/wire/commands';
import type { Inputs } from '../model.ts';

/** Faults that last, by service; undefined when there is none. */
export function routeFaults({ route, catalogue }: Inputs, now: number): Record<string, EdgeFault> | undefined {
  const faults = Object.entries(route?.spec.routes ?? {}).flatMap(([name, entry]) => {
    const fault = activeFault(entry.fault, route?.metadata.updatedAt ?? '', now);
    return fault === undefined || !catalogue.has(slugOf(name)) ? [] : [[slugOf(name), fault] as const];
  });
  return faults.length === 0 ? undefined : Object.fromEntries(faults.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Milliseconds until the next of them ends; undefined when none lasts. */
export function nextFaultEnd(inputs: Inputs, now: number): number | undefined {
  const ends = Object.values(routeFaults(inputs, now) ?? {}).map((fault) => Date.parse(fault.until) - now);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
