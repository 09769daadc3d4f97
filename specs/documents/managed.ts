/** Where a document comes from, and whether somebody changed it past that. */
import { isDeepStrictEqual } from 'node:util';
import type { ManagedBy } from '#schema/documents';
import type { Author, Write } from '../store.ts';
import type { DocumentRow } from '../tables.ts';
import type { Stage } from './stage.ts';

export function parseManagedBy(column: string | null): ManagedBy | undefined {
  return column === null ? undefined : (JSON.parse(column) as ManagedBy);
}

/** The column of a row that was just written, or found as it should be: from its source, or by hand. */
export async function managedColumn(
  stage: Stage,
  row: DocumentRow,
  write: Pick<Write, 'managedBy'>,
  how: { author: Author; at: string },
): Promise<string | null> {
  if (write.managedBy !== undefined) return JSON.stringify({ ...write.managedBy, applied: row.revision } satisfies ManagedBy);
  const before = parseManagedBy(row.managedBy);
  if (before === undefined || before.applied === row.revision) return row.managedBy;
  const { edited: _former, ...source } = before;
  const edited = (await isAsApplied(stage, row, before.applied))
    ? {}
    : { edited: { by: how.author.user, at: how.at, revision: row.revision } };
  return JSON.stringify({ ...source, ...edited } satisfies ManagedBy);
}

/** Whether the row says what the revision says that came from its source. A text may differ: comments are no change. */
async function isAsApplied(stage: Stage, row: DocumentRow, applied: number): Promise<boolean> {
  const revision = await stage.revision(row.uid, applied);
  if (revision === undefined) return false;
  return (['spec', 'labels', 'annotations'] as const).every((column) =>
    isDeepStrictEqual(withoutHold(JSON.parse(row[column])), withoutHold(JSON.parse(revision[column]))),
  );
}

/** A hold is a lock and nothing that a source says. */
function withoutHold(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('hold' in value)) return value;
  const { hold: _hold, ...rest } = value;
  return rest;
}
