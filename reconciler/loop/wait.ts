/** When to look again. */
import type { Attempt } from '#specs/store';
import type { Outcome } from '../contract.ts';

/** The next moment at which a failed step may be tried again, if there is one. */
export function earliestWait(attempts: readonly Attempt[], now: number, atMostMs?: number): Outcome {
  const waits = attempts
    .map((attempt) => (attempt.nextAt === undefined ? Number.NaN : Date.parse(attempt.nextAt) - now))
    .filter((ms) => ms > 0);
  if (atMostMs !== undefined) waits.push(atMostMs);
  return waits.length === 0 ? { kind: 'done' } : { kind: 'requeue', afterMs: Math.min(...waits) + 1 };
}
