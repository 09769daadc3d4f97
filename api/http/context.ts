/** What a request handler sees. */
import type Router from '@koa/router';
import type { RouterContext } from '@koa/router';

/** Who asks. */
export interface Caller {
  username: string;
  /** `local`: over the root-only socket (C7). */
  via: 'cookie' | 'bearer' | 'local';
  /** SHA-256 of the session's token; absent for `local`. */
  tokenHash?: string;
  /** ISO 8601; absent for `local`. */
  expiresAt?: string;
}

export interface RequestState {
  requestId: string;
  caller: Caller;
}

export type Context = RouterContext<RequestState>;
export type ApiRouter = Router<RequestState>;

/** A path parameter that the route's pattern guarantees. */
export function param(ctx: Context, name: string): string {
  return ctx.params[name] ?? '';
}

/** First value of a query parameter; absent and empty are the same. */
export function query(ctx: Context, name: string): string | undefined {
  const value = ctx.query[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === '' ? undefined : first;
}

export function flag(ctx: Context, name: string): boolean {
  const value = query(ctx, name);
  return value === 'true' || value === '1';
}
