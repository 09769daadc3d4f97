/**
 * Calls that most likely belong to a traced request although they carry another id: a service that does not pass
 * X-Request-Id on. Said only where nothing else can have made them. Pure.
 */
import type { RequestView } from '#schema/http';
import { isEntrance } from '#schema/wire/requests';

/** More calls than this are traffic of something else. */
const FEW = 10;
const ROUNDED_MS = 1;

/** @param recent requests of the sandbox, in any order; those of other nodes are left out: their clocks may differ */
export function foundByTime(entrance: RequestView, recent: readonly RequestView[]): RequestView[] {
  const from = Date.parse(entrance.at) - ROUNDED_MS;
  const to = Date.parse(entrance.at) + entrance.durationMs + ROUNDED_MS;
  const meanwhile = recent.filter((request) => {
    const start = Date.parse(request.at);
    return request.node === entrance.node && request.id !== entrance.id && start <= to && start + request.durationMs >= from;
  });
  // Somebody else used the sandbox at that moment: whose calls these are nobody can tell.
  if (meanwhile.some(isEntrance)) return [];
  const calls = meanwhile.filter((request) => request.entry === 'inside' && Date.parse(request.at) >= from && Date.parse(request.at) + request.durationMs <= to);
  return calls.length > FEW ? [] : calls;
}
