/** Moments of a query: a date, or how long ago. */
import { UNIT_MS } from '#schema/duration';
import { SdpError } from '#schema/errors';

/**
 * ISO 8601 of a date such as `2026-03-01` or of a time ago such as `2h`; undefined when there is none.
 * @throws SdpError invalid_request
 */
export function momentOf(text: string | undefined, name: string, now: number): string | undefined {
  if (text === undefined) return undefined;
  const ago = /^(\d{1,9})(s|m|h|d)$/.exec(text);
  const ms = ago === null ? Date.parse(text) : now - Number(ago[1]) * (UNIT_MS[ago[2] ?? ''] ?? Number.NaN);
  if (Number.isFinite(ms) && Math.abs(ms) < 8.64e15) return new Date(ms).toISOString();
  throw new SdpError('invalid_request', `"${name}" is neither a date such as 2026-03-01T09:00:00Z nor a time ago such as 2h.`);
}
