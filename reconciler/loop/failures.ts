/** What a failed command means for trying again: pure. */
import type { SdpError } from '#schema/errors';
import type { Attempt } from '#specs/store';
import { ATTEMPT_LIMIT, ENDLESS_STEPS, TERMINAL_CODES, UNCOUNTED_CODES } from '../diff/attempts.ts';
import type { Step } from '../model.ts';
import { backoffMs } from '../queue/backoff.ts';

/** First wait after a failure that does not count, in milliseconds. */
const SOFT_WAIT_MS = 200;

export interface FailureInput {
  uid: string;
  step: Step;
  error: SdpError;
  /** Tries of this very step that failed before. */
  former: number;
  /** Milliseconds since 1970. */
  now: number;
  /** 0 up to 1. */
  random: number;
}

/** The attempt to remember; `lasting` ones survive a restart and count. */
export function failureOf({ uid, step, error, former, now, random }: FailureInput): {
  attempt: Attempt;
  lasting: boolean;
} {
  const count = former + 1;
  const base: Attempt = {
    sandboxUid: uid,
    service: step.key,
    step: step.kind,
    input: step.input,
    count,
    code: error.code,
    message: error.hint === undefined ? error.message : `${error.message} ${error.hint}`,
  };
  const later = (ms: number): string => new Date(now + ms).toISOString();
  if (UNCOUNTED_CODES.has(error.code)) {
    const first = error.code === 'stale_epoch' ? 30_000 : SOFT_WAIT_MS;
    return { attempt: { ...base, nextAt: later(backoffMs(count, random, first)) }, lasting: false };
  }
  const endless = ENDLESS_STEPS.has(step.kind);
  // A missing commit is fetched, so the build may be tried at once; where the fetch itself misses it, nothing helps.
  if (error.code === 'missing_commit' && step.kind === 'build' && count < ATTEMPT_LIMIT) {
    return { attempt: { ...base, nextAt: later(0) }, lasting: true };
  }
  const terminal =
    TERMINAL_CODES.has(error.code) || (error.code === 'missing_commit' && step.kind === 'fetch') || costsAGap(step, error);
  if (!endless && (terminal || count >= ATTEMPT_LIMIT)) return { attempt: base, lasting: true };
  return { attempt: { ...base, nextAt: later(backoffMs(count, random)) }, lasting: true };
}

/**
 * Where the old version stops first, each try interrupts those who use it: a new version that did not come up once is
 * not tried again until somebody changes something.
 */
function costsAGap({ order }: Step, { code }: SdpError): boolean {
  if (order?.type !== 'run' || order.container.replace !== 'recreate' || order.expects === null) return false;
  return code === 'health_check_failed' || code === 'container_exited';
}
