import { PostgresAdapter, sql, type CreateTableBuilder, type Kysely, type RawBuilder } from 'kysely';

/** A table as data. Columns are NOT NULL unless listed under `nullable`. */
export interface TableShape {
  text?: readonly string[];
  integer?: readonly string[];
  bigint?: readonly string[];
  /** Text columns that may be NULL. */
  nullable?: readonly string[];
  key: readonly string[];
  /** Columns by the column of another table that they refer to. */
  references?: Readonly<Record<string, { table: string; column: string }>>;
  unique?: readonly (readonly string[])[];
}

/** Creates a table in SQL that SQLite and PostgreSQL both read. */
export async function createTable(db: Kysely<unknown>, name: string, shape: TableShape): Promise<void> {
  let table: CreateTableBuilder<string, string> = db.schema.createTable(name);
  const text = textType(db);
  const types = { text, integer: 'integer', bigint: 'bigint' } as const;
  for (const type of ['text', 'integer', 'bigint'] as const) {
    for (const column of shape[type] ?? []) table = table.addColumn(column, types[type], (made) => made.notNull());
  }
  for (const column of shape.nullable ?? []) table = table.addColumn(column, text);
  table = table.addPrimaryKeyConstraint(`${name}_key`, [...shape.key]);
  for (const [column, target] of Object.entries(shape.references ?? {})) {
    table = table.addForeignKeyConstraint(`${name}_${column}_of`, [column], target.table, [target.column]);
  }
  for (const columns of shape.unique ?? [])
    table = table.addUniqueConstraint(`${name}_${columns.join('_')}_unique`, [...columns]);
  await table.execute();
}

/** Text that sorts and compares by bytes, whatever language the database was made for: cursors depend on it. */
export function textType(db: Kysely<unknown>): 'text' | RawBuilder<unknown> {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`text collate "C"` : 'text';
}

/** Creates an index. `where` is a condition in plain SQL. */
export async function createIndex(
  db: Kysely<unknown>,
  table: string,
  columns: readonly string[],
  more: { unique?: boolean; where?: string } = {},
): Promise<void> {
  let index = db.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns([...columns]);
  if (more.unique === true) index = index.unique();
  if (more.where !== undefined) index = index.where(sql.raw<boolean>(more.where));
  await index.execute();
}
