/** Which free port to hand out. Pure. */
/** What a released port does before a stranger gets it, in milliseconds: fourteen days. */
export const REST_MS = 14 * 86_400_000;

export interface Resting {
  port: number;
  /** ISO 8601. */
  releasedAt: string | null;
  sandbox: string;
  service: string;
}

/**
 * The port that the same service of a sandbox of this name had last, so that bookmarks keep working; else the lowest
 * that nobody had within the last fourteen days; else the one that rested longest, so that an old client meets a
 * stranger as late as possible.
 * @param resting released ports, the longest-rested first.
 * @param now ISO 8601
 */
export function choosePort(
  range: { from: number; to: number },
  free: (port: number) => boolean,
  resting: readonly Resting[],
  claim: { sandbox: string; service: string },
  now: string,
): number | undefined {
  const usable = resting.filter(({ port }) => port >= range.from && port <= range.to && free(port));
  const sandbox = claim.sandbox.toLowerCase();
  const own = usable.findLast((entry) => entry.sandbox.toLowerCase() === sandbox && entry.service === claim.service);
  if (own !== undefined) return own.port;
  const rests = ({ releasedAt }: Resting): boolean => releasedAt === null || Date.parse(now) - Date.parse(releasedAt) < REST_MS;
  const used = new Set(usable.filter(rests).map((entry) => entry.port));
  for (let port = range.from; port <= range.to; port++) {
    if (!used.has(port) && free(port)) return port;
  }
  return usable[0]?.port;
}
