/** Maps of a running HAProxy, read and written through its runtime socket. */
import { SdpError } from '#schema/errors';
import type { MapState } from './compute-maps.ts';
import type { MapWrite } from './diff-maps.ts';
import { WITHOUT_LUA } from './haproxy-config.ts';
import { MAP_NAMES, mapPath, type MapName } from './paths.ts';
import type { RuntimeSocket } from './runtime-socket.ts';

/** Entries per payload of a replacement: far below HAProxy's buffer. */
const PAYLOAD_BYTES = 12_000;

export function writeCommand(write: MapWrite): string {
  const file = mapPath(write.map);
  if (write.action === 'del') return `del map ${file} ${escaped(write.key)}`;
  return `${write.action} map ${file} ${escaped(write.key)} ${write.value}`;
}

/** A path in a key may hold what would end the command. */
const escaped = (key: string): string => key.replace(/[\\;]/g, '\\$&');

/** @throws SdpError edge_failed */
export async function writeMaps(socket: RuntimeSocket, writes: readonly MapWrite[]): Promise<void> {
  await socket.write(writes.map(writeCommand));
}

/** Entries of one map as they are in force, in no particular order. Undefined: a process of an older release has no such map. */
export async function readMap(socket: RuntimeSocket, map: MapName): Promise<Map<string, string> | undefined> {
  const entries = new Map<string, string>();
  const answer = await socket.ask(`show map ${mapPath(map)}`);
  if (answer.startsWith('Unknown map identifier')) return undefined;
  for (const line of answer.split('\n')) {
    if (line === '') continue;
    const match = /^0x[0-9a-f]+ (\S+) (\S*)$/.exec(line);
    if (match === null) throw new SdpError('edge_failed', `The edge answered "${line.slice(0, 200)}" instead of its map ${map}.`);
    entries.set(match[1] ?? '', match[2] ?? '');
  }
  return entries;
}

/** @param instead taken for a map that the process does not have, so that nothing is written to it */
export async function readMaps(socket: RuntimeSocket, instead?: MapState): Promise<MapState> {
  const maps: Partial<Record<MapName, ReadonlyMap<string, string>>> = {};
  for (const name of MAP_NAMES) {
    const found = (await readMap(socket, name)) ?? instead?.[name];
    if (found === undefined) throw new SdpError('edge_failed', `The edge has no map ${name}.`);
    maps[name] = found;
  }
  return maps as MapState;
}

/** Replaces a whole map in one step, whatever it held: for when what it holds is not certain. */
export async function replaceMap(socket: RuntimeSocket, map: MapName, entries: ReadonlyMap<string, string>): Promise<void> {
  const file = mapPath(map);
  const prepared = await socket.ask(`prepare map ${file}`);
  const version = /New version created: (\d+)/.exec(prepared)?.[1];
  if (version === undefined) throw new SdpError('edge_failed', `The edge cannot replace its map ${map}: ${prepared.trim()}`);
  let payload = '';
  const send = async (): Promise<void> => {
    if (payload !== '') await socket.write([`add map @${version} ${file} <<\n${payload}`]);
    payload = '';
  };
  for (const [key, value] of entries) {
    payload += `${key} ${value}\n`;
    if (payload.length > PAYLOAD_BYTES) await send();
  }
  await send();
  await socket.write([`commit map @${version} ${file}`]);
}

export interface ProcessInfo {
  /** Hash of the configuration that runs. */
  description: string;
  /** Its build has no Lua. */
  withoutLua: boolean;
  uptimeSeconds: number;
  memoryMegabytes: number;
}

export async function processInfo(socket: RuntimeSocket): Promise<ProcessInfo> {
  const answer = await socket.ask('show info');
  const value = (name: string): string | undefined => new RegExp(`^${name}: ?(.*)$`, 'im').exec(answer)?.[1];
  const uptime = Number(value('Uptime_sec'));
  if (!Number.isFinite(uptime)) throw new SdpError('edge_failed', 'The edge does not say how it is.');
  const description = value('description') ?? '';
  return {
    description: description.replace(new RegExp(`${WITHOUT_LUA}$`), ''),
    withoutLua: description.endsWith(WITHOUT_LUA),
    uptimeSeconds: uptime,
    memoryMegabytes: Number(value('Memmax_MB') ?? 0),
  };
}
