import type { Resolution } from '#schema/records';
import { toColumns, type Fields } from '../columns.ts';
import type { Context } from '../context.ts';
import type { RecordStore } from '../store.ts';
import type { Db, Tx } from '../tables.ts';

const FIELDS: Fields<Resolution> = {
  sandboxUid: 0,
  generation: 0,
  service: 0,
  repository: 0,
  branch: 0,
  commit: 0,
  subject: 0,
  author: 0,
  authoredAt: 0,
  resolvedAt: 0,
  resolvedBy: 0,
};

export function resolutions({ read, writer }: Context): Pick<RecordStore, 'addResolution' | 'resolutions' | 'resolvedCommits'> {
  return {
    addResolution: (resolution) => writer.write((tx) => addResolutions(tx, [resolution])),
    resolutions: (sandboxUid) => resolutionsOf(read, sandboxUid),
    resolvedCommits: (deletedSince) =>
      read
        .selectFrom('resolutions')
        .innerJoin('documents', 'documents.uid', 'resolutions.sandboxUid')
        .select(['resolutions.repository', 'resolutions.commit'])
        .where('resolutions.commit', '<>', '')
        .where((or) => or.or([or('documents.gone', '=', 0), or('documents.deletedAt', '>=', deletedSince)]))
        .groupBy(['resolutions.repository', 'resolutions.commit'])
        .execute(),
  };
}

/** Oldest first. */
export async function resolutionsOf(db: Db, sandboxUid: string): Promise<Resolution[]> {
  return await db
    .selectFrom('resolutions')
    .selectAll()
    .where('sandboxUid', '=', sandboxUid)
    .orderBy('generation')
    .orderBy('resolvedAt')
    .orderBy('service')
    .execute();
}

/** Write-once: the first answer for (sandbox, generation, service) stays, whatever a repeated report says. */
export async function addResolutions(tx: Tx, rows: readonly Resolution[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto('resolutions')
    .values(rows.map((row) => toColumns(row, FIELDS)))
    .onConflict((conflict) => conflict.columns(['sandboxUid', 'generation', 'service']).doNothing())
    .execute();
}
