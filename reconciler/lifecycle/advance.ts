/** What becomes of a sandbox that is used or not: pure, on counted time. */
import type { ActivityKind, Lifecycle } from '#schema/records';
import type { ExpiryPolicy } from './policy.ts';

/**
 * Two looks further apart than this say nothing of the time between: nobody watched, or a clock jumped. It is not counted.
 */
export const LONGEST_STEP_MS = 10 * 60_000;

/** `warned`: tell people. `expired`: suspend it. `delete`: delete it. `revived`: what was told before holds no longer. */
export type LifecycleChange = 'warned' | 'expired' | 'delete' | 'revived';

export interface LifecycleInput {
  sandboxUid: string;
  former: Lifecycle | undefined;
  policy: ExpiryPolicy;
  /** Of edits and deployments by people: another value is activity. See `seenOf`. */
  seen: string;
  /** The newest edit or deployment. */
  newest: { at: string; by: ActivityKind };
  /** Requests came to its gateway since the former look. */
  requested: boolean;
  /** Every edge that would see its requests reports. Without that, no request is unknown and not absent. */
  watched: boolean;
  /** Somebody holds it: nothing is done to it. */
  held: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export function advance(input: LifecycleInput): { lifecycle: Lifecycle; change: LifecycleChange | undefined } {
  const counted = count(input);
  const { former, policy, held } = input;
  const wasTold = former?.warnedMs !== undefined || former?.expiredMs !== undefined;
  const told = counted.warnedMs !== undefined || counted.expiredMs !== undefined;
  if (wasTold && !told) return { lifecycle: counted, change: 'revived' };
  if (held || counted.keptBy !== undefined || policy.afterMs === undefined) {
    // What has expired stays so; a warning holds no longer.
    if (counted.warnedMs === undefined || counted.expiredMs !== undefined) return { lifecycle: counted, change: undefined };
    return { lifecycle: without(counted, 'warnedMs'), change: 'revived' };
  }
  return counted.expiredMs === undefined ? beforeExpiry(counted, policy) : afterExpiry(counted, policy);
}

/** The record with the time since the former look, or begun anew after activity. */
function count({ sandboxUid, former, seen, newest, requested, watched, now }: LifecycleInput): Lifecycle {
  const countedAt = new Date(now).toISOString();
  if (former === undefined) {
    return { sandboxUid, idleMs: 0, extendedMs: 0, countedAt, activeAt: newest.at, activeBy: newest.by, seen };
  }
  const passed = now - Date.parse(former.countedAt);
  const ms = watched && passed > 0 && passed <= LONGEST_STEP_MS ? passed : 0;
  const extendedMs = Math.max(0, former.extendedMs - ms);
  const edited = former.seen !== seen;
  // Who calls an expired sandbox is told so by its edge; only a person's deed brings it back.
  if (edited || (requested && former.expiredMs === undefined)) {
    const active = edited ? newest : { at: countedAt, by: 'request' as const };
    return { ...without(former, 'warnedMs', 'expiredMs'), idleMs: 0, extendedMs, countedAt, activeAt: active.at, activeBy: active.by, seen };
  }
  return {
    ...former,
    idleMs: former.idleMs + ms,
    extendedMs,
    countedAt,
    ...(former.warnedMs === undefined ? {} : { warnedMs: former.warnedMs + ms }),
    ...(former.expiredMs === undefined || former.keptBy !== undefined ? {} : { expiredMs: former.expiredMs + ms }),
  };
}

function beforeExpiry(lifecycle: Lifecycle, policy: ExpiryPolicy): { lifecycle: Lifecycle; change: LifecycleChange | undefined } {
  const left = leftToExpiry(lifecycle, policy);
  if (left > policy.warnMs) {
    if (lifecycle.warnedMs === undefined) return { lifecycle, change: undefined };
    return { lifecycle: without(lifecycle, 'warnedMs'), change: 'revived' };
  }
  if (lifecycle.warnedMs === undefined) return { lifecycle: { ...lifecycle, warnedMs: 0 }, change: 'warned' };
  // However late people were warned, they get the whole notice.
  if (left > 0 || lifecycle.warnedMs < policy.warnMs) return { lifecycle, change: undefined };
  return { lifecycle: { ...lifecycle, expiredMs: 0 }, change: 'expired' };
}

function afterExpiry(lifecycle: Lifecycle, policy: ExpiryPolicy): { lifecycle: Lifecycle; change: LifecycleChange | undefined } {
  const left = leftToDeletion(lifecycle, policy);
  return { lifecycle, change: left !== undefined && left <= 0 ? 'delete' : undefined };
}

function leftToExpiry({ idleMs, extendedMs }: Lifecycle, { afterMs = Infinity }: ExpiryPolicy): number {
  return Math.max(afterMs - idleMs, extendedMs);
}

function leftToDeletion({ expiredMs = 0, extendedMs }: Lifecycle, { deleteMs }: ExpiryPolicy): number | undefined {
  return deleteMs === undefined ? undefined : Math.max(deleteMs - expiredMs, extendedMs);
}

/** Milliseconds until it expires or, once it has, is deleted; undefined: never. Its notice is part of it. */
export function leftOf(lifecycle: Lifecycle, policy: ExpiryPolicy): number | undefined {
  if (lifecycle.keptBy !== undefined || policy.afterMs === undefined) return undefined;
  if (lifecycle.expiredMs !== undefined) return leftToDeletion(lifecycle, policy);
  const notice = policy.warnMs - (lifecycle.warnedMs ?? 0);
  return Math.max(leftToExpiry(lifecycle, policy), notice, 0);
}

/** So much longer than now, whatever happens meanwhile. */
export function extended(lifecycle: Lifecycle, policy: ExpiryPolicy, ms: number): Lifecycle {
  const extendedMs = (leftOf(lifecycle, policy) ?? 0) + ms;
  const longer = { ...lifecycle, extendedMs };
  return lifecycle.expiredMs === undefined && extendedMs > policy.warnMs ? without(longer, 'warnedMs') : longer;
}

function without<K extends 'warnedMs' | 'expiredMs'>(lifecycle: Lifecycle, ...keys: K[]): Lifecycle {
  const copy = { ...lifecycle };
  for (const key of keys) delete copy[key];
  return copy;
}
