/** Many rows in few statements, whose texts are made once. */
import { CompiledQuery } from 'kysely';
import type { RevisionRow, DocumentRow, Tables, Tx } from '../tables.ts';

interface Shapes {
  documents: DocumentRow;
  revisions: RevisionRow;
  containerNames: Tables['containerNames'];
}

/** Rows of one statement at most; the counts are powers of two, so that few texts are needed. */
const AT_ONCE = 128;
/** By table, count and dialect. */
const texts = new Map<string, string>();

/** Inserts rows that have all columns; documents that are there already, by uid, are overwritten. */
export async function insertRows<T extends keyof Shapes>(tx: Tx, table: T, rows: readonly Shapes[T][]): Promise<void> {
  for (let from = 0; from < rows.length; ) {
    const count = Math.min(AT_ONCE, 2 ** Math.floor(Math.log2(rows.length - from)));
    const portion = rows.slice(from, from + count);
    const columns = Object.keys(portion[0] ?? {}).sort() as (keyof Shapes[T])[];
    const key = `${table} ${count} ${tx.getExecutor().adapter.constructor.name}`;
    const text = texts.get(key) ?? textOf(tx, table, portion, columns);
    texts.set(key, text);
    await tx.executeQuery(CompiledQuery.raw(text, portion.flatMap((row) => columns.map((column) => row[column]))));
    from += count;
  }
}

function textOf<T extends keyof Shapes>(tx: Tx, table: T, rows: readonly Shapes[T][], columns: readonly (keyof Shapes[T])[]): string {
  const ordered = rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
  const insert = tx.insertInto(table as 'documents').values(ordered as unknown as DocumentRow[]);
  if (table !== 'documents') return insert.compile().sql;
  const others = (columns as readonly (keyof DocumentRow)[]).filter((column) => column !== 'uid');
  return insert
    .onConflict((conflict) => conflict.column('uid').doUpdateSet((given) => Object.fromEntries(others.map((column) => [column, given.ref(`excluded.${column}`)]))))
    .compile().sql;
}
