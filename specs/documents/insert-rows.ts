/** Many rows in one statement whose text is the same for any number of them, or nearly. */
import { CompiledQuery, SqliteAdapter } from 'kysely';
import type { RevisionRow, DocumentRow, Tables, Tx } from '../tables.ts';

interface Shapes {
  documents: DocumentRow;
  revisions: RevisionRow;
  containerNames: Tables['containerNames'];
}

/** Rows of one of SQLite's statements at most; the counts are powers of two, so that few texts are needed. */
const AT_ONCE = 128;
/** By table, number of rows and dialect. */
const texts = new Map<string, string>();

/** Inserts rows that have all columns; documents that are there already, by uid, are overwritten. */
export async function insertRows<T extends keyof Shapes>(tx: Tx, table: T, rows: readonly Shapes[T][]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).sort() as (keyof Shapes[T] & string)[];
  if (columns.length === 0) return;
  if (!(tx.getExecutor().adapter instanceof SqliteAdapter)) {
    const text = kept(`${table} of json`, () => textOfJson(table, columns));
    await tx.executeQuery(CompiledQuery.raw(text, [jsonOf(rows)]));
    return;
  }
  for (let from = 0; from < rows.length; ) {
    const count = Math.min(AT_ONCE, 2 ** Math.floor(Math.log2(rows.length - from)));
    const text = kept(`${table} ${count}`, () => textOfValues(table, columns, count));
    await tx.executeQuery(CompiledQuery.raw(text, rows.slice(from, from + count).flatMap((row) => columns.map((column) => row[column]))));
    from += count;
  }
}

function kept(key: string, make: () => string): string {
  const text = texts.get(key) ?? make();
  texts.set(key, text);
  return text;
}

function textOfValues(table: string, columns: readonly string[], count: number): string {
  const row = `(${columns.map(() => '?').join(', ')})`;
  return `${insertInto(table, columns)} values ${Array.from({ length: count }, () => row).join(', ')}${overwriting(table, columns)}`;
}

/** PostgreSQL plans a statement anew each time, and one value takes it a fraction of what thousands do. */
function textOfJson(table: string, columns: readonly string[]): string {
  const name = snake(table);
  return `${insertInto(table, columns)} select ${columns.map(snake).map(quoted).join(', ')} from json_populate_recordset(null::${name}, $1)${overwriting(table, columns)}`;
}

function insertInto(table: string, columns: readonly string[]): string {
  return `insert into ${snake(table)} (${columns.map(snake).map(quoted).join(', ')})`;
}

function overwriting(table: string, columns: readonly string[]): string {
  if (table !== 'documents') return '';
  const others = columns.filter((column) => column !== 'uid').map(snake).map(quoted);
  return ` on conflict (uid) do update set ${others.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}

/** Half of a character, which no database can keep, becomes the sign for it, as it does in every other statement. */
function jsonOf(rows: readonly object[]): string {
  const whole = (value: unknown): unknown => (typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value);
  return JSON.stringify(rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [snake(column), whole(value)]))));
}

function quoted(name: string): string {
  return `"${name}"`;
}

/** Columns of the database are in snake_case. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
