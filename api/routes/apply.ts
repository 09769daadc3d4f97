/** `POST /api/v1/apply`: several documents, one transaction; and `GET /api/v1/export`, what apply takes back. */
import { AUTHORED_KINDS, kindOf, type Kind, type StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { ExportedDocument, Page } from '#schema/http';
import { withoutUserInfo } from '#schema/parse/explain';
import type { Write } from '#specs/store';
import { affectedSandboxes } from '../documents/affected.ts';
import { exportPath, exportText } from '../documents/export-text.ts';
import { reference, removalsOf } from '../documents/prune.ts';
import { readDocuments, type ReadDocuments } from '../documents/read-request.ts';
import { parseSelector, selects } from '../documents/selector.ts';
import { audited, type AuditSubject } from '../http/audited.ts';
import { flag, query, type ApiRouter, type Context } from '../http/context.ts';
import { wholeNumber } from '../http/fields.ts';
import { changerOf } from '../http/force.ts';
import type { ApiDeps } from './deps.ts';

export function applyRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/apply', async (ctx) => {
    const dryRun = flag(ctx, 'dryRun');
    const subject: AuditSubject = { user: ctx.state.caller.username, action: 'apply' };
    await (dryRun ? apply(ctx, deps, subject) : audited(deps, subject, () => apply(ctx, deps, subject), { forced: flag(ctx, 'force') }));
  });
  router.get('/api/v1/export', (ctx) => exportDocuments(ctx, deps));
}

async function apply(ctx: Context, deps: ApiDeps, subject: AuditSubject): Promise<void> {
  const read = await readDocuments(ctx.req, query(ctx, 'sandbox'));
  const writes = managed(ctx, read.writes);
  const drafts = writes.map((write) => write.draft);
  const removals = await prunedBy(ctx, deps, read);
  const gone = removals.map(({ kind, name }) => `-${reference(kind, name)}`);
  subject.message = [...drafts.map((draft) => reference(draft.kind, draft.metadata.name)), ...gone].join(' ').slice(0, 500);
  const slugs = affectedSandboxes(drafts);
  const named = drafts.find((draft) => draft.kind === 'Sandbox' || draft.kind === 'Route');
  if (slugs.length === 1 && named !== undefined) subject.sandbox = named.metadata.name;
  const answer = await deps.documents.apply(writes, {
    ...changerOf(ctx, deps),
    dryRun: flag(ctx, 'dryRun'),
    message: query(ctx, 'message'),
    removals,
    ...(read.locate === undefined ? {} : { locate: read.locate }),
  });
  ctx.body = answer;
  if (answer.dryRun) return;
  for (const { kind, name } of removals) {
    const document = kind === 'Sandbox' ? await deps.store.get(kind, name) : undefined;
    if (document !== undefined) deps.reconciler.enqueue(document.metadata.uid);
  }
}

/** `?managedBy=` with a login in it is stored without. */
function managed(ctx: Context, writes: readonly Write[]): readonly Write[] {
  const source = query(ctx, 'managedBy');
  if (source === undefined) return writes;
  const revision = query(ctx, 'managedRevision')?.slice(0, 200);
  const managedBy = { source: withoutUserInfo(source).slice(0, 500), ...(revision === undefined ? {} : { revision }) };
  return writes.map((write) => ({ ...write, managedBy }));
}

async function prunedBy(ctx: Context, deps: ApiDeps, { writes, locate, expectPruned }: ReadDocuments): ReturnType<typeof removalsOf> {
  if (!flag(ctx, 'prune')) return [];
  const selector = query(ctx, 'selector');
  if (selector === undefined) {
    throw new SdpError('invalid_request', 'To prune needs a scope: documents that are not in the folder would be deleted.', {
      hint: 'Give a label that everything in the folder bears, such as -l team=checkout.',
    });
  }
  return removalsOf(deps.store, writes, { selector: parseSelector(selector), locate, expected: expectPruned });
}

const EXPORT_PAGE = 1_000;

/** `?kind= &selector= &cursor= &limit=`, by kind and name. */
async function exportDocuments(ctx: Context, deps: ApiDeps): Promise<void> {
  const limit = Math.min(wholeNumber(query(ctx, 'limit'), 'limit', 1) ?? EXPORT_PAGE, EXPORT_PAGE);
  const chosen = await documentsToExport(ctx, deps);
  const after = query(ctx, 'cursor');
  const begin = after === undefined ? 0 : chosen.findIndex((document) => keyOf(document) === after) + 1;
  const page = chosen.slice(begin, begin + limit);
  const items = await Promise.all(
    page.map(async (document): Promise<ExportedDocument> => {
      const { kind, metadata } = document;
      return { kind, name: metadata.name, path: exportPath(document), yaml: exportText(document, await deps.store.text(kind, metadata.name)) };
    }),
  );
  const last = page.at(-1);
  const body: Page<ExportedDocument> = { items };
  if (begin + page.length < chosen.length && last !== undefined) body.next = keyOf(last);
  ctx.body = body;
}

const keyOf = ({ kind, metadata }: StoredDocument): string => `${kind}/${metadata.slug}`;

async function documentsToExport(ctx: Context, deps: ApiDeps): Promise<StoredDocument[]> {
  const selector = query(ctx, 'selector');
  const wanted = selector === undefined ? undefined : parseSelector(selector);
  const documents: StoredDocument[] = [];
  for (const kind of kindsOf(query(ctx, 'kind'))) documents.push(...(await deps.store.list(kind)));
  return documents.filter(({ metadata }) => metadata.deletedAt === undefined && (wanted === undefined || selects(wanted, metadata.labels)));
}

function kindsOf(text: string | undefined): readonly Kind[] {
  if (text === undefined) return AUTHORED_KINDS;
  return text.split(',').map((word) => {
    const kind = kindOf(word.trim());
    if (kind === undefined) throw new SdpError('unknown_kind', `There is no kind "${word.slice(0, 40)}": one of ${AUTHORED_KINDS.join(', ')}.`);
    if (kind === 'Snapshot') throw new SdpError('invalid_request', 'A snapshot is exported to a file of its own: `sdp snapshot export NAME`.');
    return kind;
  });
}
