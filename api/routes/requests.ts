/** Where requests went: the newest of a sandbox, one traced, and what every node reaches. */
import type { Page, RequestView } from '#schema/http';
import { slugOf } from '#schema/names';
import { examine } from '../doctor/examine.ts';
import { audited } from '../http/audited.ts';
import { readObject } from '../http/body.ts';
import { param, query, type ApiRouter, type Context } from '../http/context.ts';
import { requiredString, wholeNumber } from '../http/fields.ts';
import { judgedRedirects } from '../requests/own-gateways.ts';
import { tracePath } from '../requests/trace-path.ts';
import { trace, type TraceDeps } from '../requests/trace.ts';
import type { ApiDeps } from './deps.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;

export function requestRoutes(router: ApiRouter, deps: ApiDeps): void {
  const { hub: fleet, store, requests: book, requestIntake: intake, clock, epoch } = deps;
  router.get('/api/v1/sandboxes/:name/requests', (ctx) => newest(ctx, deps));
  router.post('/api/v1/sandboxes/:name/trace', (ctx) => traceOne(ctx, deps, { fleet, store, book, intake, clock, epoch }));
  router.post('/api/v1/doctor', async (ctx) => {
    const subject = { user: ctx.state.caller.username, action: 'doctor' };
    ctx.body = await audited(deps, subject, () => examine({ fleet, store, clock, epoch }));
  });
}

async function newest(ctx: Context, deps: ApiDeps): Promise<void> {
  const { seq } = deps.stream;
  const limit = Math.min(wholeNumber(query(ctx, 'limit'), 'limit', 1) ?? DEFAULT_LIMIT, MAX_LIMIT);
  const service = query(ctx, 'service');
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  const { uid } = sandbox.metadata;
  const found = deps.requests.newest(uid, { limit, ...(service === undefined ? {} : { service: slugOf(service) }) });
  const items = await judgedRedirects({ fleet: deps.hub, store: deps.store }, uid, found);
  const body: Page<RequestView> = { items, seq };
  ctx.body = body;
}

async function traceOne(ctx: Context, deps: ApiDeps, traceDeps: TraceDeps): Promise<void> {
  const subject = { user: ctx.state.caller.username, action: 'sandbox.trace', sandbox: param(ctx, 'name'), message: '' };
  ctx.body = await audited(deps, subject, async () => {
    const path = tracePath(requiredString(await readObject(ctx.req), 'path', 8_192));
    // Its query may hold a token.
    subject.message = path.replace(/\?.*$/s, '');
    return trace(traceDeps, await deps.documents.require('Sandbox', param(ctx, 'name')), path);
  });
}
