/** The UI inside the control plane's koa app: one http server, no port of its own. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRequestHandler, type RequestHandler, type ServerBuild } from '@remix-run/node';
import type { Context } from 'koa';
import { sendResponse } from './send-response.ts';
import { serveStatic } from './static-files.ts';
import { toRequest } from './to-request.ts';

export interface MountOptions {
  /** Output of `remix vite:build`: holds client/ and server/. Found beside the sources or above a bundle when left out. */
  buildDir?: string;
  /** Where loaders find the API. Left out: this server, by the port that the request came in on. */
  apiUrl?: string;
}

function findBuild(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 6; up += 1, directory = dirname(directory)) {
    const candidate = join(directory, 'web', 'build');
    if (existsSync(join(candidate, 'server', 'index.js'))) return candidate;
  }
  throw new Error('The UI is not built: web/build/server/index.js is missing. Run `npm run build`.');
}

/**
 * A handler for everything that is not the API. Mount it last and without a body parser before it.
 * @throws Error at the first request when the build cannot be found
 */
export function mountWeb(options: MountOptions = {}): (ctx: Context) => Promise<void> {
  let loaded: Promise<{ client: string; handle: RequestHandler }> | undefined;

  const load = async (): Promise<{ client: string; handle: RequestHandler }> => {
    const buildDir = resolve(options.buildDir ?? findBuild());
    const build = (await import(pathToFileURL(join(buildDir, 'server', 'index.js')).href)) as ServerBuild;
    return { client: join(buildDir, 'client'), handle: createRequestHandler(build, 'production') };
  };

  return async (ctx) => {
    loaded ??= load().catch((thrown: unknown) => {
      loaded = undefined;
      throw thrown;
    });
    const { client, handle } = await loaded;
    if (await serveStatic(ctx, client)) return;
    const apiUrl = options.apiUrl ?? `http://127.0.0.1:${ctx.req.socket.localPort ?? 7070}`;
    const request = toRequest(ctx);
    const response = await handle(request, { apiUrl });
    // The answer streams past koa.
    ctx.respond = false;
    await sendResponse(ctx.res, response).catch((thrown: unknown) => {
      if (!request.signal.aborted) throw thrown;
    });
  };
}
