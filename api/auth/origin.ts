/** Same-origin checks for what a browser sends with its cookie (CSRF, WebSocket). */
import type { IncomingMessage } from 'node:http';

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return undefined;
  }
}

/** Whether `Origin` names this server or an allowed one. undefined when the header is absent. */
export function originAllowed(request: IncomingMessage, allowed: readonly string[]): boolean | undefined {
  const origin = request.headers.origin;
  if (origin === undefined) return undefined;
  if (allowed.includes(origin)) return true;
  const host = request.headers.host?.toLowerCase();
  return host !== undefined && hostOf(origin) === host;
}

/** A request that changes something and comes with a cookie must come from our own pages. */
export function provesSameOrigin(request: IncomingMessage, allowed: readonly string[]): boolean {
  const byOrigin = originAllowed(request, allowed);
  if (byOrigin !== undefined) return byOrigin;
  return request.headers['sec-fetch-site'] === 'same-origin';
}
