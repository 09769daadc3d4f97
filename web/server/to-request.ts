/** A koa request as the web Request that Remix takes. */
import { createReadableStreamFromReadable } from '@remix-run/node';
import type { Context } from 'koa';

/** Aborts when the browser goes away before the answer is complete. */
function abortOnClose(ctx: Context): AbortSignal {
  const controller = new AbortController();
  ctx.res.once('close', () => {
    if (!ctx.res.writableFinished) controller.abort();
  });
  return controller.signal;
}

export function toRequest(ctx: Context): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(ctx.req.headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  const init: RequestInit & { duplex?: 'half' } = { method: ctx.method, headers, signal: abortOnClose(ctx) };
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    init.body = createReadableStreamFromReadable(ctx.req);
    init.duplex = 'half';
  }
  return new Request(new URL(ctx.originalUrl, `${ctx.protocol}://${ctx.host === '' ? 'localhost' : ctx.host}`), init);
}
