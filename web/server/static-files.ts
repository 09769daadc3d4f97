/** Files of the client build. Names under assets/ carry a hash of their content and never change. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import type { Context } from 'koa';

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

function pathWithin(directory: string, requested: string): string | undefined {
  try {
    const path = normalize(join(directory, decodeURIComponent(requested)));
    return path.startsWith(directory + sep) && !path.includes('\0') ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Answers with a file of `directory` and says whether there was one. */
export async function serveStatic(ctx: Context, directory: string): Promise<boolean> {
  const type = TYPES[extname(ctx.path)];
  if ((ctx.method !== 'GET' && ctx.method !== 'HEAD') || type === undefined) return false;
  const path = pathWithin(directory, ctx.path);
  if (path === undefined) return false;
  const file = await stat(path).catch(() => undefined);
  if (file === undefined || !file.isFile()) return false;
  const immutable = ctx.path.startsWith('/assets/');
  ctx.set('Content-Type', type);
  ctx.set('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'public, max-age=300');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.status = 200;
  ctx.length = file.size;
  ctx.lastModified = file.mtime;
  if (ctx.fresh) ctx.status = 304;
  else ctx.body = ctx.method === 'HEAD' ? null : createReadStream(path);
  return true;
}
