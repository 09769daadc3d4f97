/** Lets a replaced container finish what it still has open, for a bounded time. */
import { readFile } from 'node:fs/promises';
import { pause } from './abort.ts';

const LOOK_EVERY_MS = 100;
/** Looks in a row without an open connection after which nothing more is expected. */
const QUIET_LOOKS = 3;

/**
 * Resolves after `seconds`, or earlier when the container of process `pid` has no connection on `port` for a while.
 * Where its connections cannot be seen (an engine on another machine), after the whole time.
 */
export async function drain(pid: number, port: number, seconds: number, signal: AbortSignal): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  let quiet = 0;
  while (Date.now() < end && quiet < QUIET_LOOKS) {
    await pause(Math.min(LOOK_EVERY_MS, Math.max(1, end - Date.now())), signal);
    const open = await openConnections(pid, port);
    quiet = open === 0 ? quiet + 1 : 0;
  }
}

async function openConnections(pid: number, port: number): Promise<number | undefined> {
  if (pid <= 0) return undefined;
  try {
    const [four, six] = await Promise.all([
      readFile(`/proc/${pid}/net/tcp`, 'utf8'),
      readFile(`/proc/${pid}/net/tcp6`, 'utf8').catch(() => ''),
    ]);
    return countConnections(four, port) + countConnections(six, port);
  } catch {
    return undefined;
  }
}

/** Connections to a local port in `/proc/net/tcp` that are not listening and not over. */
export function countConnections(table: string, port: number): number {
  const over = new Set(['06', '07', '0A']);
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) === true && state !== undefined && !over.has(state)).length;
}
