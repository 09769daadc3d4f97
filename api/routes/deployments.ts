/** Deployments with their events and logs (D7). */
import { SdpError } from '#schema/errors';
import type { Page } from '#schema/http';
import type { Deployment, DeploymentEvent, LogLine } from '#schema/records';
import { param, query, type ApiRouter, type Context } from '../http/context.ts';
import { wholeNumber } from '../http/fields.ts';
import { formatLine } from '../logs/log-line.ts';
import type { ApiDeps } from './deps.ts';

const PAGE = 50;
const MAX_PAGE = 500;
const MAX_LINES = 5_000;

export interface DeploymentView {
  deployment: Deployment;
  events: DeploymentEvent[];
  /** Number of its log's last line; 0 when it has none. */
  lines: number;
  seq: number;
}

/** A page of a log: `next` is the line to go on from, also when it is not there yet. */
export interface LogPage {
  lines: LogLine[];
  next: number;
  /** Number of the last line there is. */
  last: number;
  seq: number;
}

export function deploymentRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get('/api/v1/deployments', (ctx) => list(ctx, deps));
  router.get('/api/v1/deployments/:id', (ctx) => show(ctx, deps));
  router.get('/api/v1/deployments/:id/logs', (ctx) => logs(ctx, deps));
}

/** `?sandbox= &service= &open=true &limit= &cursor=`, newest first. */
async function list(ctx: Context, deps: ApiDeps): Promise<void> {
  const { seq } = deps.stream;
  const limit = Math.min(wholeNumber(query(ctx, 'limit'), 'limit', 1) ?? PAGE, MAX_PAGE);
  const text = (name: string, key: string): Record<string, string> => {
    const value = query(ctx, name);
    return value === undefined ? {} : { [key]: value };
  };
  const open = query(ctx, 'open');
  const found = await deps.store.deployments({
    ...text('sandbox', 'sandbox'),
    ...text('service', 'service'),
    ...text('cursor', 'before'),
    ...(open === undefined ? {} : { open: open === 'true' || open === '1' }),
    limit: limit + 1,
  });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const body: Page<Deployment> = { items, seq };
  if (found.length > limit && last !== undefined) body.next = last.id;
  ctx.body = body;
}

async function require(deps: ApiDeps, id: string): Promise<Deployment> {
  const deployment = await deps.store.deployment(id);
  if (deployment === undefined) throw new SdpError('not_found', `There is no deployment "${id.slice(0, 120)}".`);
  return deployment;
}

async function show(ctx: Context, deps: ApiDeps): Promise<void> {
  const { seq } = deps.stream;
  const deployment = await require(deps, param(ctx, 'id'));
  const events = await deps.store.deploymentEvents(deployment.id);
  const body: DeploymentView = { deployment, events, lines: deps.logs.lastLine(deployment.id), seq };
  ctx.body = body;
}

/** `?from=LINE &limit=`; as plain text when that is what is asked for. */
async function logs(ctx: Context, deps: ApiDeps): Promise<void> {
  const { seq } = deps.stream;
  const { id } = await require(deps, param(ctx, 'id'));
  const from = wholeNumber(query(ctx, 'from'), 'from', 1) ?? 1;
  const limit = Math.min(wholeNumber(query(ctx, 'limit'), 'limit', 1) ?? 1_000, MAX_LINES);
  const lines = deps.logs.read(id, from, limit);
  if (ctx.accepts('application/json', 'text/plain') === 'text/plain') {
    ctx.type = 'text/plain; charset=utf-8';
    ctx.body = lines.map(formatLine).join('');
    return;
  }
  const next = (lines.at(-1)?.line ?? from - 1) + 1;
  const body: LogPage = { lines, next, last: deps.logs.lastLine(id), seq };
  ctx.body = body;
}
