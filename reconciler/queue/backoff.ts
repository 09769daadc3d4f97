/** Waiting times between tries. */

/** First wait in milliseconds; each further one doubles. */
export const FIRST_WAIT_MS = 1_000;
/** Longest wait in milliseconds. */
export const LONGEST_WAIT_MS = 60_000;

/**
 * Milliseconds to wait after `failures` failed tries (from 1): 1 s, 2 s, 4 s .. 60 s, less up to a quarter.
 * @param random 0 up to 1: the jitter that keeps many from trying at the same moment.
 */
export function backoffMs(failures: number, random: number, first = FIRST_WAIT_MS): number {
  const full = Math.min(LONGEST_WAIT_MS, first * 2 ** Math.min(20, Math.max(0, failures - 1)));
  return Math.round(full * (1 - random / 4));
}
