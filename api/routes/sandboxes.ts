/** Actions on a sandbox, its services and its routes. */
import type { Draft, RouteFault, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { ApplyResponse, Page, RouteView, SetRouteRequest } from '#schema/http';
import { activeFault, faultWords } from '#schema/faults';
import { slugOf } from '#schema/names';
import { withoutUserInfo } from '#schema/parse/explain';
import { deployDraft } from '#reconciler/deploy-request';
import type { StoreView } from '#specs/store';
import { faultFrom } from '../documents/faults.ts';
import { cloneDrafts, draftOf, withBranch, withRoute, withRun, withServiceRun } from '../documents/drafts.ts';
import type { ApplyOptions } from '../documents/document-service.ts';
import { holdFrom } from '../documents/hold.ts';
import { audited, type AuditSubject } from '../http/audited.ts';
import { readObject } from '../http/body.ts';
import { flag, param, type ApiRouter, type Context } from '../http/context.ts';
import { changerOf } from '../http/force.ts';
import { optionalString, optionalStrings, requiredString } from '../http/fields.ts';
import { pinsOf } from '../snapshots/pins.ts';
import type { ApiDeps } from './deps.ts';

const BASE = '/api/v1/sandboxes/:name';

export function sandboxRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post(`${BASE}/deploy`, (ctx) => act(ctx, deps, 'sandbox.deploy', () => deploy(ctx, deps)));
  router.post(`${BASE}/clone`, (ctx) => act(ctx, deps, 'sandbox.clone', (subject) => clone(ctx, deps, subject)));
  router.post(`${BASE}/suspend`, (ctx) => act(ctx, deps, 'sandbox.suspend', () => run(ctx, deps, 'suspended')));
  router.post(`${BASE}/resume`, (ctx) => act(ctx, deps, 'sandbox.resume', () => run(ctx, deps, 'active')));
  router.post(`${BASE}/services/:service/restart`, (ctx) => act(ctx, deps, 'service.restart', () => restart(ctx, deps)));
  router.post(`${BASE}/cancel`, (ctx) => act(ctx, deps, 'deployment.cancel', (subject) => rollout(ctx, deps, subject, 'cancel')));
  router.post(`${BASE}/retry`, (ctx) => act(ctx, deps, 'deployment.retry', (subject) => rollout(ctx, deps, subject, 'retry')));
  router.post(`${BASE}/services/:service/stop`, (ctx) => act(ctx, deps, 'service.stop', () => runService(ctx, deps, 'stopped')));
  router.post(`${BASE}/services/:service/start`, (ctx) => act(ctx, deps, 'service.start', () => runService(ctx, deps, 'started')));
  router.get(`${BASE}/services/:service/variables`, async (ctx) => {
    const { metadata } = await deps.documents.require('Sandbox', param(ctx, 'name'));
    ctx.body = await deps.reconciler.variables(metadata.slug, slugOf(param(ctx, 'service')));
  });
  router.post(`${BASE}/hold`, (ctx) => act(ctx, deps, 'sandbox.hold', (subject) => hold(ctx, deps, subject)));
  router.delete(`${BASE}/hold`, (ctx) => act(ctx, deps, 'sandbox.release', () => release(ctx, deps)));
  router.get(`${BASE}/routes`, (ctx) => routes(ctx, deps));
  router.put(`${BASE}/routes/:service`, (ctx) => act(ctx, deps, 'route.set', (subject) => setRoute(ctx, deps, subject)));
}

/** How an action's drafts are written. */
function optionsOf(ctx: Context, deps: ApiDeps, message: string): ApplyOptions {
  return { ...changerOf(ctx, deps), message, dryRun: flag(ctx, 'dryRun') };
}

async function act(ctx: Context, deps: ApiDeps, action: string, handle: (subject: AuditSubject) => Promise<void>): Promise<void> {
  const service = ctx.params['service'];
  const subject: AuditSubject = {
    user: ctx.state.caller.username,
    action,
    sandbox: param(ctx, 'name'),
    ...(service === undefined ? {} : { service }),
  };
  await (flag(ctx, 'dryRun') ? handle(subject) : audited(deps, subject, () => handle(subject), { forced: flag(ctx, 'force') }));
}

async function applyDrafts(ctx: Context, deps: ApiDeps, drafts: readonly Draft[], message: string): Promise<void> {
  const writes = drafts.map((draft) => ({ draft }));
  ctx.body = await deps.documents.applyDrafts(writes, optionsOf(ctx, deps, message));
}

async function deploy(ctx: Context, deps: ApiDeps): Promise<void> {
  const body = await readObject(ctx.req);
  const services = optionalStrings(body, 'services');
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  const write = deployDraft(sandbox, services);
  const message = optionalString(body, 'message') ?? `Deploy ${services === undefined || services.length === 0 ? 'all services' : services.join(', ')}`;
  ctx.body = await deps.documents.applyDrafts([write], optionsOf(ctx, deps, message));
}

async function clone(ctx: Context, deps: ApiDeps, subject: AuditSubject): Promise<void> {
  const name = requiredString(await readObject(ctx.req), 'name');
  subject.message = `to ${name}`;
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  await assertFree(deps, name);
  const { original, route, commits: resolutions } = await deps.store.look((view) => readForClone(view, sandbox));
  const [copy, ...others] = cloneDrafts(original, route, name);
  if (copy === undefined) return;
  const writes = [{ draft: copy, resolutions }, ...others.map((draft) => ({ draft }))];
  const message = `Clone of ${sandbox.metadata.name}`;
  ctx.status = flag(ctx, 'dryRun') ? 200 : 201;
  ctx.body = await deps.documents.applyDrafts(writes, optionsOf(ctx, deps, message));
}

/** The original with its routes, and the commits that it is at: the clone runs the same, without fetch or build. */
async function readForClone(view: StoreView, { metadata, ...rest }: StoredDocument<'Sandbox'>) {
  const original = (await view.get('Sandbox', metadata.name)) ?? { metadata, ...rest };
  const catalogue = new Map((await view.list('Service')).map((service) => [service.metadata.slug, service]));
  const route = await view.get('Route', metadata.name);
  const { commits } = pinsOf(original.spec, catalogue, await view.resolutions(metadata.uid));
  return { original, route, commits };
}

/** @throws SdpError name_taken; the store checks again within its transaction */
export async function assertFree(deps: ApiDeps, name: string): Promise<void> {
  slugOf(name);
  const taken = await deps.store.get('Sandbox', name);
  if (taken === undefined) return;
  throw new SdpError('name_taken', `There is a sandbox "${taken.metadata.name}" already.`, { hint: 'Choose another name.' });
}

async function run(ctx: Context, deps: ApiDeps, wanted: 'active' | 'suspended'): Promise<void> {
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  await applyDrafts(ctx, deps, [withRun(sandbox, wanted)], wanted === 'active' ? 'Resume' : 'Suspend');
}

async function runService(ctx: Context, deps: ApiDeps, wanted: 'started' | 'stopped'): Promise<void> {
  const service = param(ctx, 'service');
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  await applyDrafts(ctx, deps, [withServiceRun(sandbox, service, wanted)], `${wanted === 'started' ? 'Start' : 'Stop'} ${service}`);
}

async function hold(ctx: Context, deps: ApiDeps, subject: AuditSubject): Promise<void> {
  const body = await readObject(ctx.req);
  const given = { until: optionalString(body, 'until', 64), for: optionalString(body, 'for', 16), reason: optionalString(body, 'reason', 500) };
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  const made = holdFrom(given, ctx.state.caller.username, deps.clock.now());
  subject.message = `until ${made.until ?? ''}${made.reason === undefined ? '' : `: ${made.reason}`}`;
  const draft = draftOf(sandbox, { ...sandbox.spec, hold: made }, true);
  ctx.body = await deps.documents.applyDrafts([{ draft }], optionsOf(ctx, deps, `Hold ${subject.message}`));
}

async function release(ctx: Context, deps: ApiDeps): Promise<void> {
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  const { hold: _ends, ...spec } = sandbox.spec;
  ctx.body = await deps.documents.applyDrafts([{ draft: draftOf(sandbox, spec, true) }], { ...optionsOf(ctx, deps, 'Release the hold'), endsHold: true });
}

/** No change of what is wanted: answers when the container runs again. */
async function restart(ctx: Context, deps: ApiDeps): Promise<void> {
  const sandbox = await deps.documents.requireUnheld(param(ctx, 'name'), changerOf(ctx, deps));
  await deps.reconciler.restart(sandbox.metadata.slug, slugOf(param(ctx, 'service')));
  ctx.body = { sandbox: sandbox.metadata.name, service: slugOf(param(ctx, 'service')) };
}

/** No change of what is wanted either. */
async function rollout(ctx: Context, deps: ApiDeps, subject: AuditSubject, deed: 'cancel' | 'retry'): Promise<void> {
  const service = optionalString(await readObject(ctx.req), 'service', 120);
  if (service !== undefined) subject.service = slugOf(service);
  const { slug } = (await deps.documents.requireUnheld(param(ctx, 'name'), changerOf(ctx, deps))).metadata;
  ctx.body = deed === 'cancel' ? await deps.reconciler.cancel(slug, service, ctx.state.caller.username) : await deps.reconciler.retry(slug, service);
}

async function routes(ctx: Context, deps: ApiDeps): Promise<void> {
  const { seq } = deps.stream;
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  const counts = deps.requestCounts?.(sandbox.metadata.uid);
  const views = await deps.reconciler.routes(sandbox.metadata.slug);
  const items = counts === undefined ? views : views.map((view) => ({ ...view, requests: counts.get(view.service) ?? 0 }));
  const body: Page<RouteView> = { items, seq };
  ctx.body = body;
}

function targetOf(body: Record<string, unknown>): SetRouteRequest['target'] {
  const target = body['target'];
  if (target === undefined && body['fault'] !== undefined) return undefined;
  if (typeof target === 'string' && target !== '') return target;
  if (typeof target === 'object' && target !== null && 'sandbox' in target && typeof target.sandbox === 'string') {
    return { sandbox: target.sandbox };
  }
  throw new SdpError('invalid_request', '"target" must be sandbox, ocp, a URL, or {"sandbox": "NAME"}.');
}

/** One write for the route and, with a branch, the sandbox. */
async function setRoute(ctx: Context, deps: ApiDeps, subject: AuditSubject): Promise<void> {
  const body = await readObject(ctx.req);
  const target = targetOf(body);
  const now = deps.clock.now();
  const fault = body['fault'] === undefined ? undefined : faultFrom(body['fault'], now);
  const branch = optionalString(body, 'branch');
  const service = param(ctx, 'service');
  if (branch !== undefined) subject.branch = branch;
  if (target === undefined) subject.action = 'route.fault';
  subject.message = changeWords(service, target, fault, now);
  const sandbox = await deps.documents.require('Sandbox', param(ctx, 'name'));
  const route = await deps.store.get('Route', sandbox.metadata.name);
  if (route === undefined && target === undefined && fault === null) {
    const body: ApplyResponse = { dryRun: flag(ctx, 'dryRun'), results: [] };
    ctx.body = body;
    return;
  }
  const drafts = [withRoute(sandbox, route, service, { target, fault }, now)];
  if (branch !== undefined) drafts.unshift(withBranch(sandbox, service, branch));
  await applyDrafts(ctx, deps, drafts, subject.message);
}

/** For the history and the audit. */
function changeWords(service: string, target: SetRouteRequest['target'], fault: RouteFault | null | undefined, now: number): string {
  const active = activeFault(fault ?? undefined, new Date(now).toISOString(), now);
  const said = [
    ...(target === undefined ? [] : [`Route ${service} to ${typeof target === 'string' ? withoutUserInfo(target) : `sandbox ${target.sandbox}`}`]),
    ...(fault === null ? [`End the fault of ${service}`] : []),
    ...(active === undefined ? [] : [`Fault of ${service}: ${faultWords(active)}, until ${active.until}`]),
  ];
  return said.join('; ').slice(0, 500);
}
