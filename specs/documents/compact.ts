/** Removes what is past retention: deleted documents with all that belongs to them, and very old revisions. */
import { sql } from 'kysely';
import type { SnapshotSpec } from '#schema/documents';
import type { Compacted, Retention } from '../store.ts';
import type { Tx } from '../tables.ts';
import type { Writer } from '../writer.ts';
import { parseManagedBy } from './managed.ts';

/** Documents per transaction, so that others' writes wait little. */
const PORTION = 50;
/** Revisions of one document that stay however old they are. */
export const REVISIONS_KEPT = 500;

/** In portions, each a transaction: one that ends in the middle is gone on with by the next. */
export async function compact(writer: Writer, { deletedBefore, revisionsKept = REVISIONS_KEPT }: Retention): Promise<Compacted> {
  const removed: Compacted = { documents: 0, revisions: 0 };
  for (;;) {
    const purged = await writer.write((tx) => purge(tx, deletedBefore));
    removed.documents += purged;
    if (purged < PORTION) break;
  }
  if (removed.documents > 0) await writer.write(dropSecrets);
  const kept = Math.max(1, revisionsKept);
  for (const document of await writer.write((tx) => crowded(tx, deletedBefore, kept))) {
    removed.revisions += await writer.write((tx) => dropRevisions(tx, document, deletedBefore, kept));
  }
  return removed;
}

/** A watcher that slept since before would not learn that they are gone: `compacted` is how far that reaches. */
async function purge(tx: Tx, before: string): Promise<number> {
  const rows = await tx
    .selectFrom('documents')
    .select(['uid', 'resourceVersion'])
    .where('gone', '=', sql.lit(1))
    .where('deletedAt', '<', before)
    .orderBy('resourceVersion')
    .limit(PORTION)
    .execute();
  if (rows.length === 0) return 0;
  const uids = rows.map(({ uid }) => uid);
  const highest = Math.max(...rows.map(({ resourceVersion }) => resourceVersion));
  await tx
    .insertInto('counters')
    .values({ name: 'compacted', value: highest })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: sql<number>`case when counters.value < ${highest} then ${highest} else counters.value end` }))
    .execute();
  const deployments = tx.selectFrom('deployments').select('id').where('sandboxUid', 'in', uids);
  await tx.deleteFrom('deploymentEvents').where('deploymentId', 'in', deployments).execute();
  for (const table of ['deployments', 'resolutions', 'attempts', 'transitions', 'lifecycles'] as const) await tx.deleteFrom(table).where('sandboxUid', 'in', uids).execute();
  for (const table of ['statuses', 'revisions', 'documents'] as const) await tx.deleteFrom(table).where('uid', 'in', uids).execute();
  return rows.length;
}

/** Values of documents that are not there any more, unless a snapshot can bring them back. */
async function dropSecrets(tx: Tx): Promise<void> {
  const snapshots = await tx.selectFrom('documents').select('spec').where('kind', '=', 'Snapshot').where('gone', '=', sql.lit(0)).execute();
  const needed = new Set(snapshots.flatMap(({ spec }) => (JSON.parse(spec) as SnapshotSpec).environments.map(({ uid }) => uid)));
  const owners = await tx
    .selectFrom('secrets')
    .leftJoin('documents', 'documents.uid', 'secrets.uid')
    .select('secrets.uid')
    .distinct()
    .where('documents.uid', 'is', null)
    .execute();
  for (const { uid } of owners) if (!needed.has(uid)) await tx.deleteFrom('secrets').where('uid', '=', uid).execute();
}

interface Crowded {
  uid: string;
  revision: number;
  managedBy: string | null;
}

/** Documents with revisions to drop. Templates keep all: sandboxes refer to the one that they came from. */
async function crowded(tx: Tx, before: string, kept: number): Promise<Crowded[]> {
  return await tx
    .selectFrom('documents')
    .innerJoin('revisions', 'revisions.uid', 'documents.uid')
    .select(['documents.uid', 'documents.revision', 'documents.managedBy'])
    .distinct()
    .where('documents.kind', 'not in', ['Template'])
    .where('revisions.at', '<', before)
    .whereRef('revisions.revision', '<=', sql`documents.revision - ${sql.lit(kept)}`)
    .execute();
}

/** Those older than retention beyond the newest ones, but for the one that came from the document's source: drift is measured by it. */
async function dropRevisions(tx: Tx, { uid, revision, managedBy }: Crowded, before: string, kept: number): Promise<number> {
  const applied = parseManagedBy(managedBy)?.applied ?? 0;
  const result = await tx
    .deleteFrom('revisions')
    .where('uid', '=', uid)
    .where('revision', '<=', revision - kept)
    .where('revision', '!=', applied)
    .where('at', '<', before)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
