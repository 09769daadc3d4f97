/** Outermost middleware: request id, security headers, problem documents, one log line per request. */
import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import { SdpError } from '#schema/errors';
import { describeError, type Logger } from './logger.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

/** Koa's own errors (http-errors), such as a body that was cut off. */
function isClientError(thrown: unknown): thrown is Error & { status: number } {
  return thrown instanceof Error && 'status' in thrown && typeof thrown.status === 'number' && thrown.status < 500;
}

function toSdpError(thrown: unknown, requestId: string, log: Logger): SdpError {
  if (thrown instanceof SdpError && thrown.code !== 'internal') return thrown;
  if (isClientError(thrown)) return new SdpError('invalid_request', thrown.message);
  log.error('request failed', { requestId, error: describeError(thrown) });
  return new SdpError('internal', `Something went wrong inside SDP. The server's log has more under id ${requestId}.`, {
    hint: 'Try again; if it stays, give this id to whoever runs SDP.',
  });
}

/** Requests slower than this are logged as such; milliseconds. */
const SLOW_MS = 2_000;

export function errorHandler(log: Logger, count: (status: number) => void): Middleware {
  return async (ctx, next) => {
    const requestId = randomUUID();
    const started = performance.now();
    ctx.state['requestId'] = requestId;
    ctx.set('X-Request-Id', requestId);
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('X-Frame-Options', 'DENY');
    ctx.set('Referrer-Policy', 'same-origin');
    ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
    try {
      await next();
    } catch (thrown) {
      const error = toSdpError(thrown, requestId, log);
      const problem = problemOf(error);
      ctx.status = problem.status;
      ctx.body = JSON.stringify(problem);
      ctx.type = PROBLEM_TYPE;
    }
    count(ctx.status);
    const ms = Math.round(performance.now() - started);
    if (ctx.path.startsWith('/api/') && (ctx.method !== 'GET' || ctx.status >= 400 || ms > SLOW_MS)) {
      log.info('request', { method: ctx.method, path: ctx.path, status: ctx.status, ms, requestId });
    }
  };
}
