import type { Tx } from '../tables.ts';
import { next } from '../counters.ts';
import type { Author } from '../store.ts';
import type { DocumentRow, RevisionRow } from '../tables.ts';

/** What a revision adds to the row that it is a copy of. */
interface About {
  author: Author;
  at: string;
  deleted: boolean;
  text: string | undefined;
}

/** The row as the next revision: next number, next resourceVersion, written by this author now. */
export async function nextVersion(tx: Tx, row: DocumentRow, about: Pick<About, 'author' | 'at'>): Promise<DocumentRow> {
  return {
    ...row,
    revision: row.revision + 1,
    resourceVersion: await next(tx, 'resource_version'),
    updatedAt: about.at,
    updatedBy: about.author.user,
  };
}

/** A copy of the row as it now is. */
export function revisionOf(row: DocumentRow, about: About): RevisionRow {
  return {
    uid: row.uid,
    revision: row.revision,
    generation: row.generation,
    resourceVersion: row.resourceVersion,
    author: about.author.user,
    message: about.author.message ?? '',
    at: about.at,
    deleted: about.deleted ? 1 : 0,
    labels: row.labels,
    annotations: row.annotations,
    spec: row.spec,
    text: about.text ?? null,
  };
}

/** Keeps the row as it now is. */
export async function addRevision(tx: Tx, row: DocumentRow, about: About): Promise<void> {
  await tx.insertInto('revisions').values(revisionOf(row, about)).execute();
}

/** Writes the row over the stored one of its uid. */
export async function updateRow(tx: Tx, row: DocumentRow): Promise<void> {
  const { uid, ...columns } = row;
  await tx.updateTable('documents').set(columns).where('uid', '=', uid).execute();
}

/** The author's text of the newest revision. */
export async function newestText(tx: Tx, row: DocumentRow): Promise<string | undefined> {
  const found = await tx
    .selectFrom('revisions')
    .select('text')
    .where('uid', '=', row.uid)
    .where('revision', '=', row.revision)
    .executeTakeFirst();
  return found?.text ?? undefined;
}

/** The columns of a row that was read together with its status. */
export function withoutStatus(row: DocumentRow & { status?: string | null }): DocumentRow {
  const { status: _status, ...columns } = row;
  return columns;
}
