/** Deleting, the end of deleting, and bringing back. */
import type { Draft, Kind, SnapshotSpec } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { next } from '../counters.ts';
import { releaseAll } from '../records/release.ts';
import type { Author } from '../store.ts';
import type { Db, DocumentRow, Tx } from '../tables.ts';
import { claimNames } from './container-names.ts';
import { SANDBOX_FINALIZERS } from './finalizers.ts';
import { addRevision, newestText, nextVersion, updateRow, withoutStatus } from './revise.ts';
import { lastGoneRow, liveRow, lookupSlug, noSuchDocument, type DocumentRowWithStatus } from './rows.ts';
import { Stage } from './stage.ts';
import { checkUnused } from './users.ts';

interface How {
  author: Author;
  /** ISO time. */
  at: string;
}

/** Marks what has finalizers, removes anything else. Deleting what is being deleted changes nothing. */
export async function deleteDocument(tx: Tx, kind: Kind, name: string, how: How): Promise<DocumentRowWithStatus> {
  const slug = lookupSlug(name);
  const row = slug === undefined ? undefined : await liveRow(tx, kind, slug);
  if (row === undefined) throw noSuchDocument(kind, name);
  if (row.deletedAt !== null) return row;
  await checkUnused(tx, row);
  await forgetBroughtSecrets(tx, row);
  const waits = (JSON.parse(row.finalizers) as string[]).length > 0;
  const deleted = { deletedAt: how.at, gone: waits ? 0 : 1 };
  return { ...(await revise(tx, { ...row, ...deleted }, how, true)), status: row.status };
}

/** The last finalizer removes the sandbox with what it claimed, and its Route. Already done is success. */
export async function finishFinalizer(tx: Tx, uid: string, finalizer: string, at: string): Promise<void> {
  const row = await tx.selectFrom('documents').selectAll().where('uid', '=', uid).executeTakeFirst();
  if (row === undefined || row.gone === 1) return;
  const finalizers = JSON.parse(row.finalizers) as string[];
  if (!finalizers.includes(finalizer)) return;
  if (row.deletedAt === null) {
    throw new SdpError(
      'precondition_failed',
      `${row.kind} "${row.name}" is not being deleted, so "${finalizer}" has nothing to finish.`,
    );
  }
  const left = finalizers.filter((other) => other !== finalizer);
  const gone = left.length === 0 ? 1 : 0;
  if (gone === 1) {
    await releaseAll(tx, uid, at);
    await forgetWork(tx, uid);
    await removeRoute(tx, row, at);
  }
  const resourceVersion = await next(tx, 'resource_version');
  await updateRow(tx, { ...row, finalizers: JSON.stringify(left), gone, resourceVersion });
}

/** Values that came with an imported snapshot belong to nothing else, and a snapshot does not come back. */
async function forgetBroughtSecrets(tx: Tx, row: DocumentRow): Promise<void> {
  if (row.kind !== 'Snapshot') return;
  const { importedAt, environments } = JSON.parse(row.spec) as SnapshotSpec;
  if (importedAt === undefined || environments.length === 0) return;
  await tx.deleteFrom('secrets').where('uid', 'in', environments.map(({ uid }) => uid)).execute();
}

/** A sandbox that comes back has neither run nor failed yet. */
async function forgetWork(tx: Tx, uid: string): Promise<void> {
  await tx.deleteFrom('statuses').where('uid', '=', uid).execute();
  await tx.deleteFrom('attempts').where('sandboxUid', '=', uid).execute();
}

async function removeRoute(tx: Tx, sandbox: DocumentRow, at: string): Promise<void> {
  const route = sandbox.kind === 'Sandbox' ? await liveRow(tx, 'Route', sandbox.slug) : undefined;
  if (route === undefined) return;
  const how = { author: { user: sandbox.updatedBy, message: `Deleted with sandbox ${sandbox.name}` }, at };
  await revise(tx, { ...route, deletedAt: at, gone: 1, removedWith: sandbox.uid }, how, true);
}

/** The document deleted last under this name comes back under its uid, a sandbox with the Route that went with it. */
export async function restoreDocument(tx: Tx, kind: Kind, name: string, how: How): Promise<DocumentRowWithStatus> {
  const slug = lookupSlug(name);
  const live = slug === undefined ? undefined : await liveRow(tx, kind, slug);
  if (live !== undefined) throw cannotRestore(live, name);
  const row = slug === undefined ? undefined : await lastGoneRow(tx, kind, slug);
  if (row === undefined) throw noSuchDocument(kind, name);
  const finalizers = kind === 'Sandbox' ? SANDBOX_FINALIZERS : [];
  const back = { deletedAt: null, gone: 0, removedWith: null };
  const restored = await revise(tx, { ...row, ...back, finalizers: JSON.stringify(finalizers) }, how, false);
  if (kind === 'Sandbox') {
    const stage = await Stage.load(tx, [{ kind, metadata: { name: restored.name }, spec: JSON.parse(restored.spec) as unknown } as Draft]);
    claimNames(stage, restored);
    await stage.flush();
    const route = await lastGoneRow(tx, 'Route', restored.slug);
    const replaced = await liveRow(tx, 'Route', restored.slug);
    if (route?.removedWith === restored.uid && replaced === undefined)
      await revise(tx, { ...route, ...back }, how, false);
  }
  return { ...restored, status: row.status };
}

/** Makes the row, changed by the caller, the next revision. */
async function revise(
  tx: Tx,
  row: DocumentRow & { status?: string | null },
  how: How,
  deleted: boolean,
): Promise<DocumentRow> {
  const text = await newestText(tx, row);
  const revised = await nextVersion(tx, withoutStatus(row), how);
  await updateRow(tx, revised);
  await addRevision(tx, revised, { ...how, deleted, text });
  return revised;
}

function cannotRestore(live: DocumentRow, name: string): SdpError {
  if (live.deletedAt !== null) {
    return new SdpError('conflict', `${live.kind} "${live.name}" is still being deleted.`, {
      hint: 'Wait until it is gone, then restore it.',
    });
  }
  return new SdpError(
    'name_taken',
    `${live.kind} "${name}" cannot be restored: "${live.name}" exists under that name.`,
    {
      hint: 'Delete that one first, or roll it back to one of its revisions.',
    },
  );
}

/** The document that a history is of: the one that there is, else the one deleted last. */
export async function rowForHistory(db: Db, kind: Kind, name: string): Promise<DocumentRowWithStatus> {
  const slug = lookupSlug(name);
  const row = slug === undefined ? undefined : (await liveRow(db, kind, slug)) ?? (await lastGoneRow(db, kind, slug));
  if (row === undefined) throw noSuchDocument(kind, name);
  return row;
}
