/** Ports and audit. */
import type { Page, PortView } from '#schema/http';
import { GATEWAY_SERVICE } from '#schema/names';
import type { AuditEntry, SubnetAllocation } from '#schema/records';
import { query, type ApiRouter } from '../http/context.ts';
import { wholeNumber } from '../http/fields.ts';
import type { ApiDeps } from './deps.ts';

export interface PortsView extends Page<PortView> {
  subnets: SubnetAllocation[];
}

const AUDIT_PAGE = 100;
const AUDIT_MAX = 1_000;

export function recordRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get('/api/v1/ports', async (ctx) => {
    const name = query(ctx, 'sandbox');
    const filter = name === undefined ? {} : { sandboxUid: (await deps.documents.require('Sandbox', name)).metadata.uid };
    const body: PortsView = { items: await portViews(deps, filter), subnets: await deps.store.subnets(filter) };
    ctx.body = body;
  });
  router.get('/api/v1/audit', async (ctx) => {
    const limit = Math.min(wholeNumber(query(ctx, 'limit'), 'limit', 1) ?? AUDIT_PAGE, AUDIT_MAX);
    const sandbox = query(ctx, 'sandbox');
    const before = wholeNumber(query(ctx, 'cursor'), 'cursor', 1);
    const found = await deps.store.audit({
      ...(sandbox === undefined ? {} : { sandbox }),
      ...(before === undefined ? {} : { before }),
      limit: limit + 1,
    });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const body: Page<AuditEntry> = { items };
    if (found.length > limit && last !== undefined) body.next = String(last.id);
    ctx.body = body;
  });
}

/** Ports of services and of people, by engine and number, with whom they belong to. */
async function portViews(deps: ApiDeps, filter: { sandboxUid?: string }): Promise<PortView[]> {
  const [ports, personal, sandboxes] = await Promise.all([
    deps.store.ports(filter),
    deps.store.personalPorts(filter),
    deps.store.list('Sandbox'),
  ]);
  const known = new Map(sandboxes.map(({ metadata }) => [metadata.uid, metadata]));
  const views = [
    ...ports.map((port): PortView => {
      const owner = known.get(port.sandboxUid)?.createdBy;
      return owner === undefined ? port : { ...port, owner };
    }),
    ...personal.map(({ user, formerUid: _former, ...port }): PortView => ({
      ...port,
      kind: 'personal',
      owner: user,
      sandbox: known.get(port.sandboxUid)?.slug ?? '',
      service: GATEWAY_SERVICE,
    })),
  ];
  return views.sort((a, b) => (a.engine < b.engine ? -1 : a.engine > b.engine ? 1 : a.port - b.port));
}
