/** `GET /api/v1/sandboxes/{name}/timeline`: what happened, and what changed since it worked. */
import { SdpError } from '#schema/errors';
import { param, query, type ApiRouter } from '../http/context.ts';
import { wholeNumber } from '../http/fields.ts';
import { momentOf } from '../http/moment.ts';
import { timelineOf } from '../timeline/timeline.ts';
import type { ApiDeps } from './deps.ts';

const PAGE = 100;
const MAX_PAGE = 500;

export function timelineRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get('/api/v1/sandboxes/:name/timeline', async (ctx) => {
    const { seq } = deps.stream;
    const now = deps.clock.now();
    const limit = Math.min(wholeNumber(query(ctx, 'limit'), 'limit', 1) ?? PAGE, MAX_PAGE);
    const name = param(ctx, 'name');
    const sandbox = await deps.store.history('Sandbox', name).catch((thrown: unknown) => {
      if (SdpError.from(thrown).code !== 'not_found') throw thrown;
      // With a near name.
      return deps.documents.require('Sandbox', name);
    });
    const asked = { limit, since: momentOf(query(ctx, 'since'), 'since', now), cursor: query(ctx, 'cursor') };
    ctx.body = { ...(await timelineOf(deps.store, sandbox, asked, now)), seq };
  });
}
