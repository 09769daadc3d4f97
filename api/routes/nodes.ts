/** Nodes, their tokens, and the repositories that agents have (B5). */
import { randomUUID } from 'node:crypto';
import { SdpError } from '#schema/errors';
import type { NodeView, Page, RepositoryView } from '#schema/http';
import { slugOf } from '#schema/names';
import { suggestion } from '#schema/parse/near';
import type { FleetNode } from '#reconciler/contract';
import { hashToken, newToken } from '../auth/tokens.ts';
import { audited } from '../http/audited.ts';
import { param, type ApiRouter, type Context } from '../http/context.ts';
import { nodeView } from '../hub/node-view.ts';
import type { ApiDeps } from './deps.ts';

export function nodeRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get('/api/v1/nodes', (ctx) => {
    const { seq } = deps.stream;
    const body: Page<NodeView> = { items: deps.hub.nodes().map(nodeView), seq };
    ctx.body = body;
  });
  router.get('/api/v1/nodes/:name', (ctx) => {
    const node = deps.hub.nodes().find((known) => known.hello.node.name === param(ctx, 'name'));
    if (node === undefined) throw unknownNode(deps, param(ctx, 'name'));
    ctx.body = nodeView(node);
  });
  router.delete('/api/v1/nodes/:name', (ctx) => forget(ctx, deps));
  router.post('/api/v1/nodes/:name/token', (ctx) => token(ctx, deps));
  router.get('/api/v1/repositories', (ctx) => {
    const body: Page<RepositoryView> = { items: repositories(deps.hub.nodes()) };
    ctx.body = body;
  });
  router.get('/api/v1/repositories/:name/branches', (ctx) => branches(ctx, deps));
}

function unknownNode(deps: ApiDeps, name: string): SdpError {
  const names = deps.hub.nodes().map((node) => node.hello.node.name);
  return new SdpError('not_found', `There is no node "${name}".${suggestion(name, names)}`);
}

async function forget(ctx: Context, deps: ApiDeps): Promise<void> {
  const name = param(ctx, 'name');
  const subject = { user: ctx.state.caller.username, action: 'node.forget', message: `node ${name}` };
  await audited(deps, subject, () => deps.hub.forget(name));
  ctx.status = 204;
}

/** Makes a token for a node, beside those that it has until it is forgotten. Only its hash is kept. */
export async function createNodeToken(deps: Pick<ApiDeps, 'store' | 'hub'>, node: string): Promise<string> {
  slugOf(node);
  const made = newToken('sdpn');
  await deps.store.putNodeToken(node, hashToken(made));
  return made;
}

async function token(ctx: Context, deps: ApiDeps): Promise<void> {
  const node = param(ctx, 'name');
  const subject = { user: ctx.state.caller.username, action: 'node.token', message: `node ${node}` };
  const made = await audited(deps, subject, () => createNodeToken(deps, node));
  ctx.status = 201;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { node, token: made };
}

/** One entry per name, whichever nodes have it. Sorted. */
export function repositories(nodes: readonly FleetNode[]): RepositoryView[] {
  const views = new Map<string, RepositoryView>();
  for (const { hello, state } of nodes) {
    for (const { name, url, problem } of state?.repositories ?? []) {
      const view = views.get(name) ?? { name, nodes: [] };
      view.nodes.push(hello.node.name);
      if (url !== undefined) view.url ??= url;
      if (problem !== undefined) view.problem ??= `${hello.node.name}: ${problem}`;
      views.set(name, view);
    }
  }
  return [...views.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Milliseconds for listing branches, from the server when the caller's login is live, else from the clone. */
const BRANCHES_MS = 30_000;

async function branches(ctx: Context, deps: ApiDeps): Promise<void> {
  const name = param(ctx, 'name');
  const having = deps.hub.nodes().filter((node) => node.state?.repositories.some((repository) => repository.name === name));
  if (having.length === 0) {
    const names = repositories(deps.hub.nodes()).map((repository) => repository.name);
    throw new SdpError('not_found', `No agent has the repository "${name}".${suggestion(name, names)}`);
  }
  const online = having.find((node) => node.online);
  if (online === undefined) {
    const nodes = having.map((node) => node.hello.node.name).join(', ');
    throw new SdpError('node_offline', `${nodes}, which has "${name}", is offline.`, { hint: 'Start its agent.' });
  }
  const credentials = deps.vault.credentialsOf(ctx.state.caller.username);
  ctx.body = await deps.hub.send<'branches'>(online.hello.node.name, {
    type: 'branches',
    id: `branches-${randomUUID()}`,
    epoch: deps.epoch,
    attempt: 1,
    deadline: new Date(deps.clock.now() + BRANCHES_MS).toISOString(),
    repository: name,
    ...(credentials === undefined ? {} : { credentials }),
  });
}
