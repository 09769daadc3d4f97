import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { CamelCasePlugin, Kysely, sql } from 'kysely';
import type { Connections } from '../connections.ts';
import type { Db, Tables } from '../tables.ts';
import { inspectSqlite } from './inspect-sqlite.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { WritingSqliteDialect } from './sqlite-dialect.ts';
import { sqliteError } from './sqlite-errors.ts';

/** Milliseconds to wait for another process that writes. Everything waits with it, as SQLite is synchronous here. */
const BUSY_MS = 2000;

const COMMON = [`busy_timeout = ${BUSY_MS}`, 'foreign_keys = on'];
/** Pages of 4 KiB after which the log is copied into the database: pages that change often are copied once for many writes. */
const LOG_PAGES = 8_000;
/** FULL: NORMAL may lose acknowledged commits at a power cut. */
const WRITING = [...COMMON, 'journal_mode = wal', 'synchronous = full', `wal_autocheckpoint = ${LOG_PAGES}`];
const READING = [...COMMON, 'query_only = on'];

/**
 * Opens (creating it, mode 0600, with its folder) the database: one connection that writes and one that reads, so
 * that reading sees committed state and never waits for the writer.
 * @throws SdpError unavailable, disk_full; what is refused stays as it is, byte for byte
 */
export function openSqlite(file: string): Connections {
  inspectSqlite(file);
  createPrivate(file);
  const writing = new SqliteConnection(file, WRITING);
  try {
    const reading = new SqliteConnection(file, READING);
    return connections(file, writing, reading);
  } catch (error) {
    writing.close();
    throw error;
  }
}

function connections(file: string, writing: SqliteConnection, reading: SqliteConnection): Connections {
  const [write, read] = [kysely(writing), kysely(reading)];
  return {
    write,
    read,
    name: `the database ${file}`,
    databaseTime: sql<number>`cast((julianday('now') - 2440587.5) * 86400000 as integer)`,
    shared: false,
    async tables() {
      const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(write);
      return rows.map((row) => row.name).filter((name) => !name.startsWith('sqlite_'));
    },
    onCommit: () => undefined,
    async close() {
      await read.destroy();
      await write.destroy();
      // Kysely leaves a connection open that was never used. The writer goes last: it empties the write-ahead log.
      reading.close();
      writing.close();
    },
  };
}

/** The write-ahead log takes the mode of the file, so the file is made first. */
function createPrivate(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw sqliteError(error, file);
  }
}

function kysely(database: SqliteConnection): Db {
  return new Kysely<Tables>({ dialect: new WritingSqliteDialect({ database }), plugins: [new CamelCasePlugin()] });
}
