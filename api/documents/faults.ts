/** Faults of a Route as a person sets and ends them. Pure. */
import type { RouteEntry, RouteFault, RouteSpec } from '#schema/documents';
import { UNIT_MS } from '#schema/duration';
import { SdpError } from '#schema/errors';
import { faultEnd } from '#schema/faults';

const entriesOf = (spec: RouteSpec, keep: (entry: RouteEntry) => boolean): RouteSpec => ({
  routes: Object.fromEntries(
    Object.entries(spec.routes).flatMap(([service, entry]): [string, RouteEntry][] => {
      if (keep(entry)) return [[service, entry]];
      const { fault: _gone, ...rest } = entry;
      return rest.target === undefined ? [] : [[service, rest]];
    }),
  ),
});

/** Without the faults that have ended, so that a later write does not begin one anew. @param writtenAt ISO 8601 */
export function withoutEnded(spec: RouteSpec, writtenAt: string, now: number): RouteSpec {
  return entriesOf(spec, ({ fault }) => fault === undefined || faultEnd(fault, writtenAt) > now);
}

/** Where requests go, and nothing of what is done to them: what a copy gets. */
export function withoutFaults(spec: RouteSpec): RouteSpec {
  return entriesOf(spec, ({ fault }) => fault === undefined);
}

/** Longest `for` in milliseconds: thirty days. */
const MAX_FOR = 30 * 86_400_000;

/**
 * A fault as it is asked for, with `for` in place of `until`: the server's clock counts.
 * @throws SdpError invalid_request
 */
export function faultFrom(value: unknown, now: number): RouteFault | null {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw new SdpError('invalid_request', '"fault" must be a map such as {"status": 503}, or null to end it.');
  const { for: lasts, ...fault } = value as RouteFault & { for?: unknown };
  if (lasts === undefined) return fault;
  if (fault.until !== undefined) throw new SdpError('invalid_request', 'Give "for" or "until", not both.');
  const match = typeof lasts === 'string' ? /^(\d{1,9})(ms|s|m|h|d)$/.exec(lasts) : null;
  const ms = match === null ? Number.NaN : Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN);
  if (!(ms > 0 && ms <= MAX_FOR)) throw new SdpError('invalid_request', '"for" must be a time such as 30s, 10m, 2h or 1d, at most 30d.');
  return { ...fault, until: new Date(now + ms).toISOString() };
}
