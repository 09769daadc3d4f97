/** What earlier failures say about trying a step now. */
import type { ErrorCode } from '#schema/errors';
import type { Attempt } from '#specs/store';

/** Failed tries after which a step gives up. */
export const ATTEMPT_LIMIT = 5;

/** Failures that another try cannot mend: someone has to change something first. */
export const TERMINAL_CODES: ReadonlySet<ErrorCode> = new Set([
  'build_failed',
  'missing_module',
  'missing_base_image',
  'go_version',
  'outside_replace',
  'unknown_branch',
  'bad_branch_name',
  'unknown_repository',
  'git_auth',
  'value_too_large',
]);

/** Failures that say nothing about the step itself and therefore never count as a try. */
export const UNCOUNTED_CODES: ReadonlySet<ErrorCode> = new Set([
  'node_offline',
  'cancelled',
  'precondition_failed',
  'stale_epoch',
  'protocol_skew',
]);

/** Steps that are never given up: what they leave undone holds something. They go on once a minute. */
export const ENDLESS_STEPS: ReadonlySet<string> = new Set(['network', 'routes', 'remove', 'stop']);

/** Steps, and the commands of the same names, that lead to another version: what `cancel` stops. */
export const ROLLOUT_STEPS: ReadonlySet<string> = new Set(['fetch', 'build', 'run']);
/** Name of the step under which it is kept that somebody cancelled the rollout of a service. */
export const CANCEL_STEP = 'cancel';

/** That somebody cancelled a service's rollout in this generation: a new one begins anew, as after failures. */
export function cancellation(sandboxUid: string, service: string, generation: number, message: string): Attempt {
  return { sandboxUid, service, step: CANCEL_STEP, input: `g${generation}`, count: 1, code: 'cancelled', message };
}

interface Tried {
  key: string;
  kind: string;
  input: string;
  /** Bringing back what was there: nobody cancelled that. */
  healing?: boolean;
}

/** The cancellation that stops this step, if there is one. */
export function cancelledBy(attempts: readonly Attempt[], { key, kind, input, healing }: Tried): Attempt | undefined {
  if (healing === true || !ROLLOUT_STEPS.has(kind)) return undefined;
  return attempts.find((item) => item.step === CANCEL_STEP && item.service === key && input.endsWith(` ${item.input}`));
}

export type Trial =
  | { kind: 'free'; count: number }
  | { kind: 'waiting'; until: string; attempt: Attempt }
  | { kind: 'gaveUp'; attempt: Attempt };

/** @param now milliseconds since 1970 */
export function trialOf(
  attempts: readonly Attempt[],
  step: Tried,
  now: number,
): Trial {
  const cancelled = cancelledBy(attempts, step);
  if (cancelled) return { kind: 'gaveUp', attempt: cancelled };
  const attempt = attempts.find(
    (item) => item.service === step.key && item.step === step.kind && item.input === step.input,
  );
  if (!attempt) return { kind: 'free', count: 0 };
  if (attempt.nextAt === undefined) return { kind: 'gaveUp', attempt };
  if (Date.parse(attempt.nextAt) > now) return { kind: 'waiting', until: attempt.nextAt, attempt };
  return { kind: 'free', count: attempt.count };
}
