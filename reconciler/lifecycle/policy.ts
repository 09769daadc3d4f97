/** After how long without activity a sandbox expires, is warned of before, and is deleted after. */
import type { SandboxSpec } from '#schema/documents';
import { durationSeconds } from '../desired/duration.ts';

/** What a sandbox leaves out. Milliseconds; undefined: never. */
export interface ExpiryDefaults {
  afterMs: number | undefined;
  warnMs: number;
  deleteMs: number | undefined;
}

export type ExpiryPolicy = ExpiryDefaults;

/** Where nobody says anything, nothing expires. */
export const NO_EXPIRY: ExpiryDefaults = { afterMs: undefined, warnMs: 0, deleteMs: undefined };

/** A default warning is at most this part of the whole time: a day's sandbox is not one that always expires soon. */
const DEFAULT_WARNING_PART = 4;

/** Pure. The warning is never longer than the whole time. */
export function policyOf(spec: Pick<SandboxSpec, 'expireAfter' | 'warnBefore' | 'deleteAfter'>, defaults: ExpiryDefaults): ExpiryPolicy {
  const afterMs = spec.expireAfter === undefined ? defaults.afterMs : millisecondsOf(spec.expireAfter);
  const deleteMs = spec.deleteAfter === undefined ? defaults.deleteMs : millisecondsOf(spec.deleteAfter);
  const whole = afterMs ?? Infinity;
  const own = spec.warnBefore === undefined ? undefined : millisecondsOf(spec.warnBefore);
  const warnMs = own === undefined ? Math.min(defaults.warnMs, whole / DEFAULT_WARNING_PART) : Math.min(own, whole);
  return { afterMs, warnMs, deleteMs };
}

/** undefined for `never`. */
export function millisecondsOf(duration: string): number | undefined {
  const seconds = durationSeconds(duration);
  return seconds === undefined ? undefined : seconds * 1_000;
}
