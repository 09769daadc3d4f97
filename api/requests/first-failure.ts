/** Which hop of a traced request is to blame. Pure. */
import { isEntrance } from '#schema/wire/requests';
import type { TimedHop } from './order-hops.ts';

/** Times are whole milliseconds, start and duration each rounded. */
const ROUNDED_MS = 1;

/** No answer, or an answer that says that the server failed. 4xx is an answer. */
export function failed({ request }: Pick<TimedHop, 'request'>): boolean {
  return request.status === 0 || request.failure !== undefined || request.status >= 500;
}

/** Whether one hop happened while the other was waiting for its answer. */
function within(inner: TimedHop, outer: TimedHop): boolean {
  if (isEntrance(outer.request) && !isEntrance(inner.request)) return true;
  return inner.from >= outer.from - ROUNDED_MS && inner.to <= outer.to + ROUNDED_MS;
}

/**
 * Index of the first failed hop that no failed hop further on explains: a gateway that answers 502 because payment
 * did is not the cause. undefined when none failed.
 * @param hops in order of arrival
 */
export function firstFailure(hops: readonly TimedHop[]): number | undefined {
  const index = hops.findIndex((hop, at) => failed(hop) && !hops.some((later, place) => place > at && failed(later) && within(later, hop)));
  return index < 0 ? undefined : index;
}
