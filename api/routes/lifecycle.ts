/** When a sandbox expires, and what people do about it (H2). */
import { SdpError } from '#schema/errors';
import type { LifecycleView } from '#schema/http';
import { durationWords } from '#schema/duration';
import { millisecondsOf } from '#reconciler/lifecycle/policy';
import { audited } from '../http/audited.ts';
import { readObject } from '../http/body.ts';
import { flag, param, type ApiRouter, type Context } from '../http/context.ts';
import { requiredString } from '../http/fields.ts';
import { changerOf } from '../http/force.ts';
import type { ApiDeps } from './deps.ts';

const BASE = '/api/v1/sandboxes/:name';
/** Longest extension at once: a year. What is to stay longer is kept. */
const MAX_EXTENSION_MS = 365 * 86_400_000;

export function lifecycleRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get(`${BASE}/lifecycle`, async (ctx) => {
    ctx.body = await deps.lifecycles.view(param(ctx, 'name'));
  });
  router.post(`${BASE}/extend`, async (ctx) => {
    const ms = extensionOf(requiredString(await readObject(ctx.req), 'by', 16));
    await act(ctx, deps, 'sandbox.extend', `by ${durationWords(ms)}`, (name) => deps.lifecycles.extend(name, ms));
  });
  router.post(`${BASE}/keep`, (ctx) => act(ctx, deps, 'sandbox.keep', undefined, (name, user) => deps.lifecycles.keep(name, user)));
  router.delete(`${BASE}/keep`, (ctx) => act(ctx, deps, 'sandbox.unkeep', undefined, (name) => deps.lifecycles.keep(name, undefined)));
}

type Deed = (name: string, user: string) => Promise<LifecycleView>;

async function act(ctx: Context, deps: ApiDeps, action: string, message: string | undefined, run: Deed): Promise<void> {
  const user = ctx.state.caller.username;
  const subject = { user, action, sandbox: param(ctx, 'name'), ...(message === undefined ? {} : { message }) };
  ctx.body = await audited(deps, subject, async () => {
    const { metadata } = await deps.documents.requireUnheld(param(ctx, 'name'), changerOf(ctx, deps));
    return run(metadata.name, user);
  }, { forced: flag(ctx, 'force') });
}

/** @throws SdpError invalid_request */
function extensionOf(by: string): number {
  const ms = millisecondsOf(by);
  if (ms === undefined || ms <= 0) throw new SdpError('invalid_request', `"${by}" is no time such as 12h or 7d.`);
  if (ms <= MAX_EXTENSION_MS) return ms;
  throw new SdpError('invalid_request', 'It is extended by a year at most.', { hint: '`sdp keep` lets it stay for good.' });
}
