/** `/api/v1/{sandboxes,templates,environments,routes,services}`: the same verbs for every kind. */
import { KINDS, PLURALS, type Kind, type SandboxSpec, type StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { DocumentView, FieldChange, Page, Revision, RevisionView } from '#schema/http';
import { slugOf } from '#schema/names';
import type { Write } from '#specs/store';
import { fieldChanges, type Comparable } from '../documents/field-changes.ts';
import { assertNotHeld, type Changer } from '../documents/hold.ts';
import { deletionWarnings } from '../documents/managed.ts';
import { readDocuments } from '../documents/read-request.ts';
import { rollbackWrite } from '../documents/rollback.ts';
import { audited, type AuditSubject } from '../http/audited.ts';
import { readObject } from '../http/body.ts';
import { flag, param, query, type ApiRouter, type Context } from '../http/context.ts';
import { conditionOf, etagOf } from '../http/etag.ts';
import { wholeNumber } from '../http/fields.ts';
import { changerOf } from '../http/force.ts';
import type { ApiDeps } from './deps.ts';

/** What the audit says that an action was about. */
export function subjectOf(kind: Kind, name: string): Partial<AuditSubject> {
  if (kind === 'Sandbox' || kind === 'Route') return { sandbox: name };
  if (kind === 'Service') return { service: name };
  return kind === 'Environment' ? { environment: name } : { message: `${kind.toLowerCase()} ${name}` };
}

export function documentRoutes(router: ApiRouter, deps: ApiDeps): void {
  for (const kind of KINDS) {
    const base = `/api/v1/${PLURALS[kind]}`;
    router.get(base, (ctx) => list(ctx, deps, kind));
    router.get(`${base}/:name`, (ctx) => show(ctx, deps, kind));
    router.put(`${base}/:name`, (ctx) => put(ctx, deps, kind));
    router.delete(`${base}/:name`, (ctx) => remove(ctx, deps, kind));
    router.get(`${base}/:name/revisions`, (ctx) => revisions(ctx, deps, kind));
    router.get(`${base}/:name/revisions/:revision`, (ctx) => revision(ctx, deps, kind));
    router.get(`${base}/:name/diff`, (ctx) => diff(ctx, deps, kind));
    // A snapshot has one revision, and restoring it restores a sandbox (snapshots.ts).
    if (kind === 'Snapshot') continue;
    router.post(`${base}/:name/rollback`, (ctx) => rollback(ctx, deps, kind));
    router.post(`${base}/:name/restore`, (ctx) => restore(ctx, deps, kind));
  }
}

const MAX_PAGE = 1_000;

/** Sorted by slug; the cursor is the last slug of the page before. */
async function list(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const { seq } = deps.stream;
  const limit = Math.min(wholeNumber(query(ctx, 'limit'), 'limit', 1) ?? MAX_PAGE, MAX_PAGE);
  const after = query(ctx, 'cursor');
  const { documents: items, next } = await deps.store.page(kind, { limit, ...(after === undefined ? {} : { after }) });
  const body: Page<StoredDocument> = { items, seq, ...(next === undefined ? {} : { next }) };
  ctx.body = body;
}

async function view(deps: ApiDeps, document: StoredDocument, seq: number): Promise<DocumentView> {
  const text = await deps.store.text(document.kind, document.metadata.name);
  return { document, seq, ...(text === undefined ? {} : { text }) };
}

async function show(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const { seq } = deps.stream;
  const document = await deps.documents.require(kind, param(ctx, 'name'));
  ctx.set('ETag', etagOf(document.metadata.resourceVersion));
  ctx.body = await view(deps, document, seq);
}

async function put(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const name = param(ctx, 'name');
  const user = ctx.state.caller.username;
  const { seq } = deps.stream;
  await audited(deps, { user, action: `${kind.toLowerCase()}.put`, ...subjectOf(kind, name) }, async () => {
    const { writes, locate } = await readDocuments(ctx.req, kind === 'Route' ? name : undefined);
    const write = onlyOne(writes, kind, name);
    const current = (await deps.store.get(kind, name))?.metadata.resourceVersion;
    const condition = conditionOf({ ifMatch: ctx.get('If-Match'), ifNoneMatch: ctx.get('If-None-Match') }, current);
    if (condition !== undefined) write.draft.metadata.resourceVersion = condition;
    const { results } = await deps.documents.apply([write], { ...changerOf(ctx, deps), message: query(ctx, 'message'), ...(locate === undefined ? {} : { locate }) });
    const document = await deps.documents.require(kind, name);
    ctx.status = results[0]?.outcome === 'created' ? 201 : 200;
    ctx.set('ETag', etagOf(document.metadata.resourceVersion));
    const warnings = results[0]?.warnings;
    ctx.body = { ...(await view(deps, document, seq)), ...(warnings === undefined ? {} : { warnings }) };
  }, { forced: flag(ctx, 'force') });
}

function onlyOne(writes: readonly Write[], kind: Kind, name: string): Write {
  const [write] = writes;
  if (write === undefined || writes.length > 1) throw new SdpError('invalid_request', 'Give one document; `apply` takes several.');
  const { draft } = write;
  if (draft.kind !== kind || slugOf(draft.metadata.name) !== slugOf(name)) {
    throw new SdpError('invalid_request', `The document is ${draft.kind} "${draft.metadata.name}", the address is of ${kind} "${name}".`);
  }
  return write;
}

async function remove(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const name = param(ctx, 'name');
  const user = ctx.state.caller.username;
  await audited(deps, { user, action: `${kind.toLowerCase()}.delete`, ...subjectOf(kind, name) }, async () => {
    const document = await deps.documents.require(kind, name);
    const condition = conditionOf({ ifMatch: ctx.get('If-Match'), ifNoneMatch: '' }, document.metadata.resourceVersion);
    if (condition !== undefined && condition !== document.metadata.resourceVersion) {
      throw new SdpError('conflict', `${kind} "${name}" is at resourceVersion ${document.metadata.resourceVersion}, your copy is of ${condition}.`, {
        hint: 'Look at it again before deleting it.',
      });
    }
    if (kind === 'Sandbox' || kind === 'Route') await unheldIfThere(deps, name, changerOf(ctx, deps));
    const message = query(ctx, 'message');
    const deleted = await deps.store.delete(kind, name, { user, ...(message === undefined ? {} : { message }) });
    if (kind === 'Sandbox') deps.reconciler.enqueue(deleted.metadata.uid);
    const warnings = deletionWarnings(document);
    const body: DocumentView = { document: deleted, ...(warnings.length === 0 ? {} : { warnings }) };
    ctx.status = deleted.metadata.finalizers.length > 0 ? 202 : 200;
    ctx.body = body;
  }, { forced: flag(ctx, 'force') });
}

async function unheldIfThere(deps: ApiDeps, name: string, changer: Changer): Promise<void> {
  if ((await deps.store.get('Sandbox', name)) !== undefined) await deps.documents.requireUnheld(name, changer);
}

async function historyOf(ctx: Context, deps: ApiDeps, kind: Kind): Promise<Revision[]> {
  const name = param(ctx, 'name');
  slugOf(name);
  const all = await deps.store.revisions(kind, name);
  // A deleted document has a history all the same; one that never was is not found.
  if (all.length === 0) await deps.documents.require(kind, name);
  return all;
}

function pick(all: readonly Revision[], number: number | undefined, what: string): Revision {
  const found = all.find((revision) => revision.revision === number);
  if (found !== undefined) return found;
  const oldest = all.at(-1)?.revision ?? 0;
  throw new SdpError('not_found', `There is no revision ${number ?? `"${what}"`}.`, {
    hint: `There are ${oldest} to ${all[0]?.revision ?? 0}.`,
  });
}

async function revisions(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const { seq } = deps.stream;
  const body: Page<Revision> = { items: await historyOf(ctx, deps, kind), seq };
  ctx.body = body;
}

async function revisionOf(deps: ApiDeps, kind: Kind, name: string, number: number): Promise<RevisionView> {
  const found = await deps.store.revision(kind, name, { revision: number });
  if (found !== undefined) return found;
  throw new SdpError('not_found', `There is no revision ${number} of ${kind.toLowerCase()}/${name}.`, { hint: `See \`sdp history ${kind.toLowerCase()}/${name}\`.` });
}

/** Also of a document that is gone. */
async function revision(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const number = wholeNumber(param(ctx, 'revision'), 'revision', 1) ?? 0;
  ctx.body = await revisionOf(deps, kind, param(ctx, 'name'), number);
}

/** Between two revisions; `to` is the newest when it is left out, `from` the one before `to`. */
async function diff(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const all = await historyOf(ctx, deps, kind);
  const to = pick(all, wholeNumber(query(ctx, 'to'), 'to', 1) ?? all[0]?.revision, 'to');
  const fromNumber = wholeNumber(query(ctx, 'from'), 'from', 0) ?? to.revision - 1;
  const from = fromNumber === 0 ? undefined : pick(all, fromNumber, 'from');
  const live = async (revision: Revision | undefined): Promise<Comparable | undefined> => {
    if (revision === undefined || revision.deleted) return undefined;
    const { labels, annotations, spec } = await revisionOf(deps, kind, param(ctx, 'name'), revision.revision);
    return { metadata: { labels, annotations }, spec };
  };
  const changes: FieldChange[] = fieldChanges(await live(from), await live(to));
  ctx.body = { from: fromNumber, to: to.revision, changes };
}

async function rollback(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const name = param(ctx, 'name');
  const user = ctx.state.caller.username;
  await audited(deps, { user, action: `${kind.toLowerCase()}.rollback`, ...subjectOf(kind, name) }, async () => {
    const body = await readObject(ctx.req);
    const number = wholeNumber(body['revision'], 'revision', 1);
    if (number === undefined) throw new SdpError('invalid_request', '"revision" must be given.');
    const document = await deps.documents.require(kind, name);
    const revision = pick(await deps.store.revisions(kind, name), number, 'revision');
    const resolutions = kind === 'Sandbox' ? await deps.store.resolutions(document.metadata.uid) : [];
    const write = rollbackWrite(document, revision, resolutions, deps.clock.now());
    const message = `Rollback to revision ${number}`;
    ctx.body = await deps.documents.applyDrafts([write], { ...changerOf(ctx, deps), message, dryRun: flag(ctx, 'dryRun') });
  }, { forced: flag(ctx, 'force') });
}

async function restore(ctx: Context, deps: ApiDeps, kind: Kind): Promise<void> {
  const name = param(ctx, 'name');
  const user = ctx.state.caller.username;
  await audited(deps, { user, action: `${kind.toLowerCase()}.restore`, ...subjectOf(kind, name) }, async () => {
    slugOf(name);
    const newest = (await deps.store.revisions(kind, name))[0];
    // It comes back as it was, its hold too.
    if (kind === 'Sandbox' && newest !== undefined) assertNotHeld({ name, spec: newest.spec as SandboxSpec }, changerOf(ctx, deps), deps.clock.now());
    const document = await deps.store.restore(kind, name, { user, message: 'Restored' });
    ctx.set('ETag', etagOf(document.metadata.resourceVersion));
    ctx.body = await view(deps, document, deps.stream.seq);
  }, { forced: flag(ctx, 'force') });
}
