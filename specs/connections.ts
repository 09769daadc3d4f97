import { SdpError } from '#schema/errors';
import type { RawBuilder } from 'kysely';
import { openPostgres } from './postgres/open-postgres.ts';
import { isPostgresUrl, parsePostgresUrl } from './postgres/postgres-url.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';
import type { Db } from './tables.ts';

/** The ways into a database, and the little in which databases differ. */
export interface Connections {
  read: Db;
  /** One connection: transactions follow each other. */
  write: Db;
  /** What people call the database; never holds a password. */
  name: string;
  /** The database's own time in unix milliseconds, as SQL. */
  databaseTime: RawBuilder<number>;
  /**
   * Several processes may write at the same time and a commit may fail without saying whether it was done. Where not,
   * beginning a transaction keeps others out.
   */
  shared: boolean;
  /** Names of the tables that there are. */
  tables(): Promise<string[]>;
  /** Calls back when another process committed, as a hint; not at all where the database cannot tell. */
  onCommit(wake: () => void): void;
  close(): Promise<void>;
}

/**
 * Connections for a URL; the only place that knows which databases there are.
 * @param url `sqlite:/path/to/file` or `postgres://user@host/database`
 * @param password for PostgreSQL, where it is not in the URL
 * @throws SdpError invalid_request, unavailable
 */
export function connect(url: string, password?: string): Connections {
  if (isPostgresUrl(url)) return openPostgres(parsePostgresUrl(url, password));
  const file = sqliteFile(url);
  if (file !== undefined) return openSqlite(file);
  // Only the scheme is shown: the rest of a database URL may hold a password.
  const scheme = /^[a-z][a-z0-9+.-]{0,20}:/i.exec(url)?.[0] ?? '';
  throw new SdpError('invalid_request', `The database URL "${scheme}..." is not of a kind that SDP knows.`, {
    hint: 'Use sqlite:/path/to/file or postgres://user@host/database.',
  });
}

/** The file of an SQLite URL; undefined for other URLs. */
export function sqliteFile(url: string): string | undefined {
  if (!url.startsWith('sqlite:')) return undefined;
  const file = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  return file === '' || file === ':memory:' ? undefined : file;
}

/** Whether the URL is of a kind that `connect` takes; of PostgreSQL's it looks at the parts as well. @throws SdpError */
export function checkStoreUrl(url: string): void {
  if (isPostgresUrl(url)) parsePostgresUrl(url, undefined);
  else if (sqliteFile(url) === undefined) connect(url);
}
