import { SdpError } from '#schema/errors';
import { openSqlite } from './sqlite/open-sqlite.ts';
import type { Db } from './tables.ts';

/** The two ways into a database. On PostgreSQL both may be one pool. */
export interface Connections {
  read: Db;
  write: Db;
  close(): Promise<void>;
}

/**
 * Connections for a URL; the only place that knows which databases there are.
 * @param url `sqlite:/path/to/file`
 * @throws SdpError invalid_request, unavailable
 */
export function connect(url: string): Connections {
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (file !== '' && file !== ':memory:') return openSqlite(file);
  }
  // Only the scheme is shown: the rest of a database URL may hold a password.
  const scheme = /^[a-z][a-z0-9+.-]{0,20}:/i.exec(url)?.[0] ?? '';
  throw new SdpError('invalid_request', `The database URL "${scheme}..." is not of a kind that SDP knows.`, {
    hint: 'Use sqlite:/path/to/file.',
  });
}
