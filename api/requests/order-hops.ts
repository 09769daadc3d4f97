/**
 * The hops of one request in the order in which they arrived. Each node has its own clock: where an edge passed the
 * request on to another node, the same moment is in both logs, and says how far the clocks are apart. Pure.
 */
import type { RequestView } from '#schema/http';
import { GATEWAY_SERVICE } from '#schema/names';
import { isEntrance } from '#schema/wire/requests';

/** A hop with its time on the clock of the node that took the request first. Milliseconds since 1970. */
export interface TimedHop {
  request: RequestView;
  from: number;
  to: number;
}

const startOf = (request: RequestView): number => Date.parse(request.at);

/** In the order in which they arrived on one node; of an outer and an inner hop in one millisecond the outer lasts longer. */
const byStart = (a: RequestView, b: RequestView): number =>
  startOf(a) - startOf(b) || Number(isEntrance(b)) - Number(isEntrance(a)) || b.durationMs - a.durationMs || a.seq - b.seq;

export function orderHops(requests: readonly RequestView[]): TimedHop[] {
  const offsets = clockOffsets(requests);
  const timed = requests.map((request): TimedHop => {
    const from = startOf(request) + (offsets.get(request.node) ?? 0);
    return { request, from, to: from + request.durationMs };
  });
  return timed.sort(
    (a, b) =>
      a.from - b.from ||
      Number(isEntrance(b.request)) - Number(isEntrance(a.request)) ||
      b.request.durationMs - a.request.durationMs ||
      rank(a.request) - rank(b.request) ||
      a.request.seq - b.request.seq,
  );
}

/** Of hops that look the same: what passes on to another node, then that node's side, then what comes of it. */
function rank({ entry, target }: RequestView): number {
  if (entry === 'service') return 1;
  return target.kind === 'node' ? 0 : 2;
}

/**
 * Milliseconds to add to each node's times: the least with which no request arrives before it was sent. Nodes that
 * nothing relates to the first keep their own clock.
 */
function clockOffsets(requests: readonly RequestView[]): Map<string, number> {
  const byNode = new Map<string, RequestView[]>();
  for (const request of [...requests].sort(byStart)) byNode.set(request.node, [...(byNode.get(request.node) ?? []), request]);
  const first = firstNode(requests);
  const offsets = new Map<string, number>();
  if (first === undefined) return offsets;
  offsets.set(first, 0);
  const nodes = [...byNode];
  // One round more than a way over all nodes has hops.
  for (const _round of nodes) {
    for (const [from, sent] of nodes) {
      const known = offsets.get(from);
      if (known === undefined) continue;
      for (const [to, taken] of nodes) {
        const least = known - quickest(sent, taken);
        if (to !== from && to !== first && least > (offsets.get(to) ?? -Infinity)) offsets.set(to, least);
      }
    }
  }
  return offsets;
}

/** Where people's request came in; of two edges that took it, the one that passed it on. */
function firstNode(requests: readonly RequestView[]): string | undefined {
  const entrances = requests.filter(isEntrance);
  return (entrances.find(({ target }) => target.kind === 'node') ?? entrances[0] ?? [...requests].sort(byStart)[0])?.node;
}

const serviceOf = (request: RequestView): string | undefined => (isEntrance(request) ? GATEWAY_SERVICE : request.service);

/** Of the requests that one node's edge passed on: how much later the other's clock said it came, at least. Infinity: none. */
function quickest(from: readonly RequestView[], to: readonly RequestView[]): number {
  const taken = to.filter(({ entry }) => entry !== 'inside');
  let least = Infinity;
  for (const sent of from) {
    if (sent.target.kind !== 'node' || sent.failure !== undefined) continue;
    const index = taken.findIndex((request) => serviceOf(request) === serviceOf(sent));
    const [found] = index < 0 ? [] : taken.splice(index, 1);
    if (found !== undefined) least = Math.min(least, startOf(found) - startOf(sent));
  }
  return least;
}
