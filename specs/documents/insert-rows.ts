/** What a batch of applies writes: documents, their revisions, container names, and the last number drawn. */
import { CompiledQuery } from 'kysely';
import { onSqlite } from '../sqlite/on-sqlite.ts';
import type { DocumentRow, RevisionRow, Tables, Tx } from '../tables.ts';

export interface Rows {
  /** New ones, and those that are there already, by uid, which are overwritten. */
  documents: readonly DocumentRow[];
  revisions: readonly RevisionRow[];
  containerNames: readonly Tables['containerNames'][];
}

type Table = keyof Rows;

/** Parents first. */
const TABLES: readonly Table[] = ['documents', 'revisions', 'containerNames'];
/** Complete by its type: a column that is left out here would be lost. */
const allOf = <R>(columns: Record<keyof R & string, true>): (keyof R & string)[] => Object.keys(columns) as (keyof R & string)[];
const COLUMNS: { [T in Table]: readonly (keyof Rows[T][number] & string)[] } = {
  documents: allOf<DocumentRow>({
    uid: true, kind: true, slug: true, name: true, labels: true, annotations: true, spec: true, generation: true, resourceVersion: true, revision: true,
    createdAt: true, createdBy: true, updatedAt: true, updatedBy: true, deletedAt: true, finalizers: true, gone: true, removedWith: true, managedBy: true,
  }),
  revisions: allOf<RevisionRow>({
    uid: true, revision: true, generation: true, resourceVersion: true, author: true, message: true, at: true, deleted: true, labels: true,
    annotations: true, spec: true, text: true,
  }),
  containerNames: allOf<Tables['containerNames']>({ name: true, sandboxUid: true, sandbox: true, service: true }),
};
/** Rows of one of SQLite's statements at most; the counts are powers of two, so that few texts are needed. */
const AT_ONCE = 128;
/** By table and number of rows. */
const texts = new Map<string, string>();

/** Inserts the rows and notes the last resourceVersion drawn. */
export async function insertRows(tx: Tx, rows: Rows, resourceVersion: number): Promise<void> {
  if (!onSqlite(tx)) {
    await tx.executeQuery(CompiledQuery.raw(IN_ONE, [...TABLES.map((table) => jsonOf(table, rows[table])), resourceVersion]));
    return;
  }
  for (const table of TABLES) await insertSome(tx, table, rows[table]);
  await tx.executeQuery(CompiledQuery.raw(`${COUNT} values ('resource_version', ?) ${COUNT_ON}`, [resourceVersion]));
}

async function insertSome<T extends Table>(tx: Tx, table: T, rows: Rows[T]): Promise<void> {
  const columns = COLUMNS[table] as readonly (keyof Rows[T][number])[];
  for (let from = 0; from < rows.length; ) {
    const count = Math.min(AT_ONCE, 2 ** Math.floor(Math.log2(rows.length - from)));
    const key = `${table} ${count}`;
    const text = texts.get(key) ?? textOf(table, count);
    texts.set(key, text);
    const values = rows.slice(from, from + count).flatMap((row) => columns.map((column) => row[column as keyof typeof row] as unknown));
    await tx.executeQuery(CompiledQuery.raw(text, values));
    from += count;
  }
}

function textOf(table: Table, count: number): string {
  const row = `(${COLUMNS[table].map(() => '?').join(', ')})`;
  return `${insertInto(table)} values ${Array.from({ length: count }, () => row).join(', ')}${overwriting(table)}`;
}

const insertInto = (table: Table): string => `insert into ${snake(table)} (${columnsOf(table)})`;
const columnsOf = (table: Table): string => COLUMNS[table].map((column) => `"${snake(column)}"`).join(', ');

function overwriting(table: Table): string {
  if (table !== 'documents') return '';
  const others = COLUMNS.documents.filter((column) => column !== 'uid').map((column) => `"${snake(column)}"`);
  return ` on conflict (uid) do update set ${others.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}

const COUNT = 'insert into counters (name, value)';
const COUNT_ON = 'on conflict (name) do update set value = excluded.value';

/**
 * PostgreSQL takes everything in one statement: what refers to what is checked at its end, and on every way there it waits.
 * Rows come as JSON, as it plans a statement anew each time, and one value takes it a fraction of what thousands do.
 */
const IN_ONE = `with ${TABLES.map(
  (table, index) =>
    `new_${snake(table)} as (${insertInto(table)} select ${columnsOf(table)} from json_populate_recordset(null::${snake(table)}, $${index + 1})${overwriting(table)})`,
).join(', ')} ${COUNT} values ('resource_version', $${TABLES.length + 1}) ${COUNT_ON}`;

/** Half of a character, which no database can keep, becomes the sign for it, as it does in every other statement. */
function jsonOf<T extends Table>(table: T, rows: Rows[T]): string {
  const columns = COLUMNS[table].map((column) => [column, snake(column)] as const);
  const whole = (value: unknown): unknown => (typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value);
  return JSON.stringify(rows.map((row) => Object.fromEntries(columns.map(([column, name]) => [name, whole((row as Record<string, unknown>)[column])]))));
}

/** Columns of the database are in snake_case. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
