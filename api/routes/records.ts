/** Ports and audit. */
import { Readable } from 'node:stream';
import { SdpError } from '#schema/errors';
import type { Page, PortView } from '#schema/http';
import { GATEWAY_SERVICE } from '#schema/names';
import type { AuditEntry, AuditFilter, SubnetAllocation } from '#schema/records';
import type { RecordStore } from '#specs/store';
import { query, type ApiRouter, type Context } from '../http/context.ts';
import { wholeNumber } from '../http/fields.ts';
import { momentOf } from '../http/moment.ts';
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
    const before = wholeNumber(query(ctx, 'cursor'), 'cursor', 1);
    const found = await deps.store.audit({
      ...auditFilter(ctx, deps.clock.now()),
      ...(before === undefined ? {} : { before }),
      limit: limit + 1,
    });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const body: Page<AuditEntry> = { items };
    if (found.length > limit && last !== undefined) body.next = String(last.id);
    ctx.body = body;
  });
  router.get('/api/v1/audit/export', (ctx) => {
    const after = wholeNumber(query(ctx, 'after'), 'after', 0) ?? 0;
    ctx.type = 'application/x-ndjson';
    ctx.body = Readable.from(auditLines(deps.store, auditFilter(ctx, deps.clock.now()), after));
  });
}

const OUTCOMES = ['ok', 'refused', 'failed'] as const;

/** @throws SdpError invalid_request */
function auditFilter(ctx: Context, now: number): AuditFilter {
  const text = (name: 'sandbox' | 'user' | 'action' | 'environment'): AuditFilter => {
    const value = query(ctx, name);
    return value === undefined ? {} : { [name]: value };
  };
  const outcome = query(ctx, 'outcome');
  const known = OUTCOMES.find((word) => word === outcome);
  if (outcome !== undefined && known === undefined) throw new SdpError('invalid_request', `"outcome" must be one of ${OUTCOMES.join(', ')}.`);
  const since = momentOf(query(ctx, 'since'), 'since', now);
  const until = momentOf(query(ctx, 'until'), 'until', now);
  return {
    ...text('sandbox'),
    ...text('user'),
    ...text('action'),
    ...text('environment'),
    ...(known === undefined ? {} : { outcome: known }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** Read a page at a time as the reader takes them: any size, and little memory. */
async function* auditLines(store: Pick<RecordStore, 'audit'>, filter: AuditFilter, from: number): AsyncGenerator<string> {
  for (let after = from; ; ) {
    const page = await store.audit({ ...filter, after, oldestFirst: true, limit: AUDIT_MAX });
    if (page.length > 0) yield page.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    if (page.length < AUDIT_MAX) return;
    after = page.at(-1)?.id ?? after;
  }
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
