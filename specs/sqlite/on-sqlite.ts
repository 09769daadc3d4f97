import { SqliteAdapter } from 'kysely';
import type { Db } from '../tables.ts';

/** Whether the connection is to SQLite, for the few statements that no common text has. */
export function onSqlite(db: Db): boolean {
  return db.getExecutor().adapter instanceof SqliteAdapter;
}
