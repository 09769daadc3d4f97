/** Which events a client asked for. */
import { SdpError } from '#schema/errors';
import { slugOf } from '#schema/names';
import type { StreamFilter } from '#schema/stream';
import type { RingEntry } from './ring.ts';

/** @throws SdpError invalid_request, invalid_document for a sandbox that cannot be a name */
export function filterOf(query: URLSearchParams): StreamFilter {
  const since = query.get('since');
  const filter: StreamFilter = {};
  if (since !== null && since !== '') {
    if (!/^\d{1,15}$/.test(since)) throw new SdpError('invalid_request', '"since" must be a whole number.');
    filter.since = Number(since);
  }
  const boot = query.get('boot');
  if (boot !== null && boot !== '') filter.boot = boot;
  const sandbox = query.get('sandbox');
  if (sandbox !== null && sandbox !== '') filter.sandbox = slugOf(sandbox);
  const logs = query.get('logs');
  if (logs !== null && logs !== '') filter.logs = logs;
  if (['1', 'true'].includes(query.get('requests') ?? '')) {
    if (filter.sandbox === undefined) throw new SdpError('invalid_request', '"requests" needs "sandbox": requests are followed by sandbox.');
    filter.requests = true;
  }
  return filter;
}

/** Log lines go only to whom asked for that log; a sandbox's page hears of its sandbox and of nodes. */
export function wants(filter: StreamFilter, entry: RingEntry): boolean {
  if (entry.logs !== undefined) return entry.logs === filter.logs;
  return filter.sandbox === undefined || entry.sandbox === undefined || entry.sandbox === filter.sandbox;
}
