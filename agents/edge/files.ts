/** Files of the edge, each written whole or not at all. */
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EdgeRoutes } from '#schema/wire/commands';
import type { MapState } from './compute-maps.ts';
import { MAP_NAMES, type EdgePaths, type MapName } from './paths.ts';
import type { KeptMemory } from './request-memory.ts';
import { token } from './target-value.ts';

/** Routes of one sandbox as they were last ordered. */
export interface KeptRoutes {
  routes: EdgeRoutes;
  hash: string;
  /** Rises with every order: the later of two claims wins. */
  order: number;
}

let writes = 0;

export async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.${++writes}.new`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, file);
}

export async function makeDirectories(paths: EdgePaths): Promise<void> {
  for (const directory of [paths.root, paths.config, paths.maps, paths.run, paths.routes]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
}

export const mapFile = (paths: EdgePaths, map: MapName): string => join(paths.maps, `${map}.map`);

export async function writeMapFiles(paths: EdgePaths, state: MapState, maps: Iterable<MapName> = MAP_NAMES): Promise<void> {
  const text = (map: MapName): string => [...state[map]].map(([key, value]) => `${key} ${value}\n`).join('');
  await Promise.all([...maps].map((map) => writeWhole(mapFile(paths, map), text(map))));
}

/**
 * In order of their application. A file that is no JSON (a power cut) is put aside: the report then lacks its hash, and
 * the control plane sends the routes anew.
 */
export async function readRoutes(paths: EdgePaths): Promise<KeptRoutes[]> {
  const kept: KeptRoutes[] = [];
  for (const name of await readdir(paths.routes)) {
    if (!name.endsWith('.json')) continue;
    const file = join(paths.routes, name);
    const text = await readFile(file, 'utf8');
    try {
      kept.push(JSON.parse(text) as KeptRoutes);
    } catch {
      await rename(file, `${file}.broken`);
    }
  }
  return kept.sort((a, b) => a.order - b.order);
}

export async function keepRoutes(paths: EdgePaths, kept: KeptRoutes): Promise<void> {
  await writeWhole(join(paths.routes, `${token(kept.routes.sandbox.uid)}.json`), JSON.stringify(kept));
}

export async function dropRoutes(paths: EdgePaths, uid: string): Promise<void> {
  await rm(join(paths.routes, `${token(uid)}.json`), { force: true });
}

export async function readResolved(paths: EdgePaths): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(paths.resolved, 'utf8')) as Record<string, string>;
  } catch {
    // A memory of names only: without it they are asked for again.
    return {};
  }
}

export async function readNoted(paths: EdgePaths): Promise<KeptMemory | undefined> {
  try {
    return JSON.parse(await readFile(paths.noted, 'utf8')) as KeptMemory;
  } catch {
    // Without it, what HAProxy remembers is told once more.
    return undefined;
  }
}

export const writeNoted = (paths: EdgePaths, memory: KeptMemory): Promise<void> => writeWhole(paths.noted, JSON.stringify(memory));
