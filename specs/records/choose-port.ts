/** Which free port to hand out. Pure. */
interface Resting {
  port: number;
  sandbox: string;
  service: string;
}

/**
 * The port that the same service of a sandbox of this name had last, so that bookmarks keep working; else the lowest
 * that nobody ever had; else the one that rested longest, so that an old client meets a stranger as late as possible.
 * @param resting released ports, the longest-rested first.
 */
export function choosePort(
  range: { from: number; to: number },
  free: (port: number) => boolean,
  resting: readonly Resting[],
  claim: { sandbox: string; service: string },
): number | undefined {
  const usable = resting.filter(({ port }) => port >= range.from && port <= range.to && free(port));
  const sandbox = claim.sandbox.toLowerCase();
  const own = usable.findLast((entry) => entry.sandbox.toLowerCase() === sandbox && entry.service === claim.service);
  if (own !== undefined) return own.port;
  const used = new Set(usable.map((entry) => entry.port));
  for (let port = range.from; port <= range.to; port++) {
    if (!used.has(port) && free(port)) return port;
  }
  return usable[0]?.port;
}
