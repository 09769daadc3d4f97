/** Taking, restoring and comparing snapshots; reading and deleting them is as for every kind. */
import { SdpError } from '#schema/errors';
import type { DocumentView, ImportSnapshotResponse, RestoreRequest, SnapshotComparison } from '#schema/http';
import { audited, type AuditSubject } from '../http/audited.ts';
import { MAX_DOCUMENTS_BYTES, readObject } from '../http/body.ts';
import { flag, param, query, type ApiRouter, type Context } from '../http/context.ts';
import { etagOf } from '../http/etag.ts';
import { optionalString, requiredString } from '../http/fields.ts';
import { changerOf } from '../http/force.ts';
import { compare } from '../snapshots/compare.ts';
import { restoreSnapshot, takeSnapshot } from '../snapshots/snapshot-service.ts';
import { exportSnapshot, importSnapshot } from '../snapshots/transfer.ts';
import type { ApiDeps } from './deps.ts';
import { assertFree } from './sandboxes.ts';

const BASE = '/api/v1/snapshots/:name';

export function snapshotRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/sandboxes/:name/snapshot', (ctx) => take(ctx, deps));
  router.post(`${BASE}/restore`, (ctx) => restore(ctx, deps));
  router.get(`${BASE}/export`, (ctx) => exported(ctx, deps, undefined));
  router.post(`${BASE}/export`, async (ctx) => exported(ctx, deps, requiredString(await readObject(ctx.req), 'passphrase')));
  router.post('/api/v1/snapshots', (ctx) => imported(ctx, deps));
  router.get(`${BASE}/compare`, (ctx) => difference(ctx, deps));
}

async function take(ctx: Context, deps: ApiDeps): Promise<void> {
  const sandbox = param(ctx, 'name');
  const user = ctx.state.caller.username;
  const { seq } = deps.stream;
  const subject: AuditSubject = { user, action: 'sandbox.snapshot', sandbox };
  await audited(deps, subject, async () => {
    const body = await readObject(ctx.req);
    const [name, message] = [optionalString(body, 'name'), optionalString(body, 'message', 2000)];
    const document = await takeSnapshot(deps, sandbox, { user, ...(name === undefined ? {} : { name }), ...(message === undefined ? {} : { message }) });
    subject.message = `as ${document.metadata.name}`;
    ctx.status = 201;
    ctx.set('ETag', etagOf(document.metadata.resourceVersion));
    const view: DocumentView = { document, seq };
    ctx.body = view;
  });
}

const DECISIONS = ['refuse', 'keep', 'change'] as const;

function sharedOf(text: string | undefined): RestoreRequest['shared'] {
  if (text === undefined) return undefined;
  const decision = DECISIONS.find((known) => known === text);
  if (decision === undefined) throw new SdpError('invalid_request', `"shared" must be one of ${DECISIONS.join(', ')}.`);
  return decision;
}

async function restore(ctx: Context, deps: ApiDeps): Promise<void> {
  const name = param(ctx, 'name');
  const user = ctx.state.caller.username;
  const dryRun = flag(ctx, 'dryRun');
  const body = await readObject(ctx.req);
  const as = optionalString(body, 'as');
  const subject: AuditSubject = { user, action: 'snapshot.restore', message: `snapshot ${name}`, ...(as === undefined ? {} : { sandbox: as }) };
  const run = async (): Promise<void> => {
    const snapshot = await deps.documents.require('Snapshot', name);
    subject.sandbox = as ?? snapshot.spec.sandbox.name;
    if (as !== undefined) await assertFree(deps, as);
    const shared = sharedOf(optionalString(body, 'shared'));
    ctx.body = await restoreSnapshot(deps, snapshot, {
      ...changerOf(ctx, deps),
      dryRun,
      services: body['services'] === true,
      ...(as === undefined ? {} : { as }),
      ...(shared === undefined ? {} : { shared }),
    });
  };
  await (dryRun ? run() : audited(deps, subject, run));
}

/** Secrets leave this server sealed, or not at all. */
async function exported(ctx: Context, deps: ApiDeps, passphrase: string | undefined): Promise<void> {
  const name = param(ctx, 'name');
  const message = `snapshot ${name}, ${passphrase === undefined ? 'without secrets' : 'secrets sealed'}`;
  await audited(deps, { user: ctx.state.caller.username, action: 'snapshot.export', message }, async () => {
    const text = await exportSnapshot(deps, await deps.documents.require('Snapshot', name), passphrase);
    ctx.type = 'application/yaml; charset=utf-8';
    ctx.body = text;
  });
}

async function imported(ctx: Context, deps: ApiDeps): Promise<void> {
  const user = ctx.state.caller.username;
  const { seq } = deps.stream;
  const subject: AuditSubject = { user, action: 'snapshot.import' };
  await audited(deps, subject, async () => {
    const body = await readObject(ctx.req, MAX_DOCUMENTS_BYTES);
    const [as, passphrase] = [optionalString(body, 'as'), optionalString(body, 'passphrase')];
    const { document, missing } = await importSnapshot(deps, {
      file: requiredString(body, 'file', MAX_DOCUMENTS_BYTES),
      withoutSecrets: body['withoutSecrets'] === true,
      user,
      ...(as === undefined ? {} : { as }),
      ...(passphrase === undefined ? {} : { passphrase }),
    });
    subject.message = `snapshot ${document.metadata.name}`;
    ctx.status = 201;
    const view: ImportSnapshotResponse = { document, missing, seq };
    ctx.body = view;
  });
}

async function difference(ctx: Context, deps: ApiDeps): Promise<void> {
  const snapshot = await deps.documents.require('Snapshot', param(ctx, 'name'));
  const sandbox = query(ctx, 'sandbox') ?? snapshot.spec.sandbox.name;
  const changes = await deps.store.look((view) => compare(view, snapshot, sandbox, deps.hub.nodes()));
  const body: SnapshotComparison = { snapshot: snapshot.metadata.name, sandbox, changes };
  ctx.body = body;
}
