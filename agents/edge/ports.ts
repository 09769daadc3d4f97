/** Ports that the edge may listen on: the node's ranges less what foreign processes hold. */

export interface PortRange {
  /** Inclusive. */
  from: number;
  to: number;
}

/** A range cut around the ports that are left out, lowest first. */
export function rangesWithout(range: PortRange, leftOut: ReadonlySet<number>): PortRange[] {
  const ranges: PortRange[] = [];
  let from: number | undefined;
  for (let port = range.from; port <= range.to + 1; port++) {
    const usable = port <= range.to && !leftOut.has(port);
    if (usable) from ??= port;
    else if (from !== undefined) {
      ranges.push({ from, to: port - 1 });
      from = undefined;
    }
  }
  return ranges;
}

export function inRanges(port: number, ranges: readonly PortRange[]): boolean {
  return ranges.some((range) => port >= range.from && port <= range.to);
}

const LISTEN = '0A';

/**
 * Listening ports in the text of `/proc/net/tcp` or `tcp6`. A listener on any address counts, because a wildcard
 * listener cannot be bound beside it.
 * @throws Error when the text has another form: unread must not look like free.
 */
export function listeningPorts(text: string): Set<number> {
  const [header, ...lines] = text.split('\n');
  if (!header?.includes('local_address')) throw new Error('the kernel list of sockets has an unknown form');
  const ports = new Set<number>();
  for (const line of lines) {
    const [, local, , state] = line.trim().split(/\s+/);
    const port = local?.split(':')[1];
    if (state === LISTEN && port !== undefined) ports.add(Number.parseInt(port, 16));
  }
  return ports;
}
