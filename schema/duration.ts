/** Units of durations as people write them, in milliseconds; which of them a field takes is its own matter. */
export const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
