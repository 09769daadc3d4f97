/** What has to be written so that one state of the maps becomes another: pure. */
import type { MapState } from './compute-maps.ts';
import { MAP_NAMES, type MapName } from './paths.ts';

export type MapWrite =
  | { map: MapName; action: 'add' | 'set'; key: string; value: string }
  | { map: MapName; action: 'del'; key: string };

export const EMPTY_MAPS: MapState = {
  faults: new Map(), sandboxes: new Map(), inside: new Map(), subnets: new Map(), shared: new Map(), outside: new Map(),
};

/**
 * In an order that is right after every single write: doors that close first (ports, then callers), then what stands
 * behind doors, then doors that open. So no caller is ever admitted to entries that are not there yet.
 */
export function diffMaps(before: MapState, after: MapState): MapWrite[] {
  const changes = MAP_NAMES.map((map) => changesOf(map, before[map], after[map]));
  const closing = changes.map((each) => each.filter((write) => write.action === 'del')).reverse();
  const opening = changes.map((each) => each.filter((write) => write.action !== 'del'));
  return [...closing.flat(), ...opening.flat()];
}

/** Maps that differ: the files to write. */
export function changedMaps(writes: readonly MapWrite[]): Set<MapName> {
  return new Set(writes.map((write) => write.map));
}

function changesOf(map: MapName, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): MapWrite[] {
  const writes: MapWrite[] = [];
  for (const key of before.keys()) if (!after.has(key)) writes.push({ map, action: 'del', key });
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old === undefined) writes.push({ map, action: 'add', key, value });
    else if (old !== value) writes.push({ map, action: 'set', key, value });
  }
  return writes;
}
