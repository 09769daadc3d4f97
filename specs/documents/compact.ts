/** Removes what is past retention: deleted documents with all that belongs to them, and very old revisions. */
import { sql } from 'kysely';
import type { Compacted, Retention } from '../store.ts';
import type { Tx } from '../tables.ts';
import type { Writer } from '../writer.ts';

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
  for (;;) {
    const dropped = await writer.write((tx) => dropRevisions(tx, deletedBefore, Math.max(1, revisionsKept)));
    removed.revisions += dropped;
    if (dropped === 0) return removed;
  }
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
  for (const table of ['deployments', 'resolutions', 'attempts'] as const) await tx.deleteFrom(table).where('sandboxUid', 'in', uids).execute();
  for (const table of ['statuses', 'secrets', 'revisions', 'documents'] as const) await tx.deleteFrom(table).where('uid', 'in', uids).execute();
  return rows.length;
}

/** Revisions older than retention beyond the newest ones. Templates keep all: sandboxes refer to the one they came from. */
async function dropRevisions(tx: Tx, before: string, kept: number): Promise<number> {
  const [crowded] = await tx
    .selectFrom('revisions')
    .innerJoin('documents', 'documents.uid', 'revisions.uid')
    .select(['documents.uid', 'documents.revision'])
    .where('documents.kind', 'not in', ['Template'])
    .where('revisions.at', '<', before)
    .whereRef('revisions.revision', '<=', sql`documents.revision - ${sql.lit(kept)}`)
    .limit(1)
    .execute();
  if (crowded === undefined) return 0;
  const result = await tx
    .deleteFrom('revisions')
    .where('uid', '=', crowded.uid)
    .where('revision', '<=', crowded.revision - kept)
    .where('at', '<', before)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
