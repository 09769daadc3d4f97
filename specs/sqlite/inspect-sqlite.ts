/** Looks at a database before anything may change it. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { SdpError } from '#schema/errors';
import { checkTables, MIGRATION_TABLE } from '../migrations/known.ts';
import { sqliteError } from './sqlite-errors.ts';

const MAGIC = 'SQLite format 3\0';
/** Milliseconds to wait for another process. */
const BUSY_MS = 2000;

/**
 * Refuses what is no database, is damaged, is of another program or of a newer SDP, and leaves it byte for byte as it
 * is. Nothing there, or an empty file, is fine.
 * @throws SdpError unavailable
 */
export function inspectSqlite(file: string): void {
  try {
    if (sizeOf(file) === 0) return;
    if (headOf(file) !== MAGIC) throw damaged(file, 'its first bytes are not those of SQLite');
    // Where a log is left from a kill, closing a connection that may write would put it into the file.
    const readonly = sizeOf(`${file}-wal`) > 0 || sizeOf(`${file}-journal`) > 0;
    const database = new Database(file, { readonly, fileMustExist: true, timeout: BUSY_MS });
    try {
      inspect(database, file);
    } finally {
      database.close();
    }
  } catch (error) {
    throw sqliteError(error, file);
  }
}

function inspect(database: Database.Database, file: string): void {
  const found = database.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw damaged(file, String(found).replace(/\s+/g, ' ').slice(0, 120));
  const names = database.prepare<[], { name: string }>("select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'").all();
  const tables = names.map(({ name }) => name);
  const applied = tables.includes(MIGRATION_TABLE) ? database.prepare<[], { name: string }>(`select name from ${MIGRATION_TABLE}`).all() : [];
  checkTables(`the database ${file}`, tables, applied.map(({ name }) => name));
}

function damaged(file: string, why: string): SdpError {
  return new SdpError('unavailable', `The file ${file} is damaged or is not a database of SDP: ${why}.`, {
    hint: 'Restore it from a backup, or move it away to begin with an empty one.',
  });
}

/** 0 when there is none. */
function sizeOf(file: string): number {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.size : 0;
}

function headOf(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(MAGIC.length);
    readSync(descriptor, head, 0, head.length, 0);
    return head.toString('latin1');
  } finally {
    closeSync(descriptor);
  }
}
