import type { RequestView } from '#schema/http';

export const START = Date.UTC(2026, 0, 1, 12);
export const iso = (ms: number): string => new Date(ms).toISOString();

let seq = 0;

/** A request to account from inside, unless told otherwise. */
export function view(more: Partial<RequestView> & { from?: number } = {}): RequestView {
  const { from = 0, ...rest } = more;
  return {
    node: 'gateway-1', seq: ++seq, at: iso(START + from), id: 'i', entry: 'inside', sandboxUid: 'u', service: 'account', method: 'GET', path: '/x', status: 200, durationMs: 1,
    target: { kind: 'container', address: '10.213.0.2:8080' }, ...rest,
  };
}
