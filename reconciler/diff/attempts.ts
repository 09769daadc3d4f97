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

export type Trial =
  | { kind: 'free'; count: number }
  | { kind: 'waiting'; until: string; attempt: Attempt }
  | { kind: 'gaveUp'; attempt: Attempt };

/** @param now milliseconds since 1970 */
export function trialOf(
  attempts: readonly Attempt[],
  step: { key: string; kind: string; input: string },
  now: number,
): Trial {
  const attempt = attempts.find(
    (item) => item.service === step.key && item.step === step.kind && item.input === step.input,
  );
  if (!attempt) return { kind: 'free', count: 0 };
  if (attempt.nextAt === undefined) return { kind: 'gaveUp', attempt };
  if (Date.parse(attempt.nextAt) > now) return { kind: 'waiting', until: attempt.nextAt, attempt };
  return { kind: 'free', count: attempt.count };
}
