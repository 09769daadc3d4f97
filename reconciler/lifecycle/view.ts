/** Where a sandbox stands between its last use and its end, for people. Pure. */
import type { LifecycleView } from '#schema/http';
import type { Lifecycle } from '#schema/records';
import { leftOf } from './advance.ts';
import type { ExpiryPolicy } from './policy.ts';

/** Dates are those at which it happens when nothing else does; they move on while nobody watches. */
export function lifecycleView(lifecycle: Lifecycle, policy: ExpiryPolicy): LifecycleView {
  const left = leftOf(lifecycle, policy);
  const end = left === undefined ? undefined : dateAfter(lifecycle.countedAt, left);
  const { activeAt, activeBy, keptBy, keptAt, expiredMs } = lifecycle;
  return {
    state: stateOf(lifecycle, policy),
    activeAt,
    activeBy,
    ...(policy.afterMs === undefined ? {} : { afterMs: policy.afterMs }),
    ...(end === undefined ? {} : expiredMs === undefined ? { expiresAt: end } : { deletesAt: end }),
    ...(expiredMs === undefined ? {} : { expiredAt: dateAfter(lifecycle.countedAt, -expiredMs) }),
    ...(keptBy === undefined ? {} : { keptBy }),
    ...(keptAt === undefined ? {} : { keptAt }),
  };
}

function stateOf({ warnedMs, expiredMs, keptBy }: Lifecycle, { afterMs }: ExpiryPolicy): LifecycleView['state'] {
  if (expiredMs !== undefined) return 'expired';
  if (keptBy !== undefined) return 'kept';
  if (afterMs === undefined) return 'unlimited';
  return warnedMs === undefined ? 'used' : 'warned';
}

/** To the second: what is below says nothing, and would make two looks differ. */
function dateAfter(from: string, ms: number): string {
  return new Date(Math.round((Date.parse(from) + ms) / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
