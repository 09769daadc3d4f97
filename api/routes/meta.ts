/** Health, metrics, schemas and the description of this API: no login needed. */
import { kindOf } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { describeError } from '../http/logger.ts';
import { param, type ApiRouter } from '../http/context.ts';
import { bundledSchema } from './bundled-schema.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './openapi.ts';

export function metaRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok', version: deps.version };
  });
  router.get('/readyz', async (ctx) => {
    try {
      await deps.store.currentVersion();
    } catch (thrown) {
      deps.log.error('not ready', { error: describeError(thrown) });
      throw new SdpError('unavailable', 'The database cannot be read.', { hint: "See the server's log." });
    }
    ctx.body = { status: 'ready', nodesOnline: deps.hub.nodes().filter((node) => node.online).length };
  });
  router.get('/metrics', (ctx) => {
    ctx.type = 'text/plain; version=0.0.4; charset=utf-8';
    ctx.body = deps.metrics.text();
  });
  router.get('/openapi.json', (ctx) => {
    ctx.body = openApi(deps.version);
  });
  router.get('/schemas/:file', (ctx) => {
    const kind = kindOf(param(ctx, 'file').replace(/(\.schema)?\.json$/, ''));
    if (kind === undefined) throw new SdpError('not_found', 'There is no such schema.', { hint: 'Such as /schemas/sandbox.json.' });
    ctx.type = 'application/schema+json';
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.body = JSON.stringify(bundledSchema(kind));
  });
}
