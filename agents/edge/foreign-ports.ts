/** Ports of the node's ranges that processes other than the edge listen on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SdpError } from '#schema/errors';
import { inRanges, listeningPorts, type PortRange } from './ports.ts';

/** @param procNet `/proc/self/net`, or another process's to look into its network namespace. */
export async function allListeningPorts(procNet: string): Promise<Set<number>> {
  const ports = new Set<number>();
  for (const table of ['tcp', 'tcp6']) {
    const file = join(procNet, table);
    try {
      for (const port of listeningPorts(await readFile(file, 'utf8'))) ports.add(port);
    } catch (error) {
      // Without IPv6 there is no such table.
      if (table === 'tcp6' && (error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new SdpError('edge_failed', `The ports in use cannot be read from ${file}.`, { cause: error });
    }
  }
  return ports;
}

/** Lowest first. `own` is what the running edge listens on. */
export function foreignPorts(listening: ReadonlySet<number>, wanted: readonly PortRange[], own: readonly PortRange[]): number[] {
  return [...listening].filter((port) => inRanges(port, wanted) && !inRanges(port, own)).sort((a, b) => a - b);
}
