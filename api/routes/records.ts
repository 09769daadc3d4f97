/** Ports and audit. */
import type { Page } from '#schema/http';
import type { AuditEntry, PortAllocation, SubnetAllocation } from '#schema/records';
import { query, type ApiRouter } from '../http/context.ts';
import { wholeNumber } from '../http/fields.ts';
import type { ApiDeps } from './deps.ts';

export interface PortsView extends Page<PortAllocation> {
  subnets: SubnetAllocation[];
}

const AUDIT_PAGE = 100;
const AUDIT_MAX = 1_000;

export function recordRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get('/api/v1/ports', async (ctx) => {
    const name = query(ctx, 'sandbox');
    const filter = name === undefined ? {} : { sandboxUid: (await deps.documents.require('Sandbox', name)).metadata.uid };
    const body: PortsView = { items: await deps.store.ports(filter), subnets: await deps.store.subnets(filter) };
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
