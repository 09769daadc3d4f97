/** The koa application: what needs no login, the API, then the UI. */
import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { SdpError } from '#schema/errors';
import type { Authenticate } from '../auth/authenticate.ts';
import { applyRoutes } from '../routes/apply.ts';
import { deploymentRoutes } from '../routes/deployments.ts';
import type { ApiDeps } from '../routes/deps.ts';
import { documentRoutes } from '../routes/documents.ts';
import { environmentRoutes } from '../routes/environments.ts';
import { lifecycleRoutes } from '../routes/lifecycle.ts';
import { metaRoutes } from '../routes/meta.ts';
import { nodeRoutes } from '../routes/nodes.ts';
import { recordRoutes } from '../routes/records.ts';
import { requestRoutes } from '../routes/requests.ts';
import { imageRoutes } from '../routes/images.ts';
import { sandboxRoutes } from '../routes/sandboxes.ts';
import { snapshotRoutes } from '../routes/snapshots.ts';
import { secretRoutes } from '../routes/secrets.ts';
import { loginRoute, sessionRoutes } from '../routes/session.ts';
import { timelineRoutes } from '../routes/timeline.ts';
import { templateRoutes } from '../routes/templates.ts';
import { useRoutes } from '../routes/use.ts';
import type { RequestState } from './context.ts';
import { errorHandler } from './error-handler.ts';

/** Paths that are ours; everything else is the UI's. */
const OURS = /^\/(?:api|schemas)(?:\/|$)|^\/(?:healthz|readyz|metrics|openapi\.json)$/;

/** @param web answers what serves all paths that are not the API's, when there is a UI; undefined while it starts */
export function buildApp(deps: ApiDeps, authenticate: Authenticate, web: (() => Middleware | undefined) | undefined): { app: Koa; routers: Router<RequestState>[] } {
  const open = new Router<RequestState>();
  metaRoutes(open, deps);
  loginRoute(open, deps);

  const api = new Router<RequestState>();
  documentRoutes(api, deps);
  applyRoutes(api, deps);
  sandboxRoutes(api, deps);
  snapshotRoutes(api, deps);
  imageRoutes(api, deps);
  timelineRoutes(api, deps);
  lifecycleRoutes(api, deps);
  templateRoutes(api, deps);
  nodeRoutes(api, deps);
  deploymentRoutes(api, deps);
  recordRoutes(api, deps);
  requestRoutes(api, deps);
  useRoutes(api, deps);
  sessionRoutes(api, deps);
  secretRoutes(api, deps);
  environmentRoutes(api, deps);

  const app = new Koa();
  // Everything is answered by errorHandler; what still gets here is a connection that went away.
  app.on('error', (error: Error) => deps.log.warn('connection failed', { error: error.message }));
  app.use(errorHandler(deps.log, (status) => deps.metrics.response(status)));
  app.use(async (ctx, next) => {
    if (web === undefined || OURS.test(ctx.path)) return next();
    const pages = web();
    if (pages === undefined) throw new SdpError('unavailable', 'The UI is starting.', { hint: 'Try again in a moment.' });
    await pages(ctx, () => Promise.resolve());
  });
  app.use(async (ctx, next) => {
    ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
    ctx.set('Cache-Control', 'no-store');
    await next();
  });
  app.use(open.routes());
  app.use(async (ctx, next) => {
    (ctx.state as RequestState).caller = await authenticate(ctx.req);
    await next();
  });
  app.use(api.routes());
  app.use((ctx) => {
    throw new SdpError('not_found', `There is no ${ctx.method} ${ctx.path.slice(0, 200)}.`, { hint: 'See /openapi.json.' });
  });
  return { app, routers: [open, api] };
}
