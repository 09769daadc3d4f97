/** When to look again. */
import type { Attempt } from '#specs/store';
import type { Outcome } from '../contract.ts';

/** The next moment at which a failed step may be tried again, or a further wait ends, if there is one. */
export function earliestWait(attempts: readonly Attempt[], now: number, ...waitsMs: readonly number[]): Outcome {
  const waits = attempts
    .map((attempt) => (attempt.nextAt === undefined ? Number.NaN : Date.parse(attempt.nextAt) - now))
    .filter((ms) => ms > 0);
  waits.push(...waitsMs);
  return waits.length === 0 ? { kind: 'done' } : { kind: 'requeue', afterMs: Math.min(...waits) + 1 };
}
