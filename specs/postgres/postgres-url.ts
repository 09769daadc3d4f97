/** Where a PostgreSQL database is, read from its URL. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { SdpError } from '#schema/errors';

export interface PostgresTarget {
  /** Host name, or the folder of a Unix socket. */
  host: string;
  port: number;
  database: string;
  user: string;
  /** A private copy: never printed, see `nameOf`. */
  password: string | undefined;
  ssl: { mode: 'disable' | 'require' | 'verify-full'; rootCertificate?: string };
}

const EXAMPLE = 'Such as postgres://sdp@db.company.com/sdp, or postgres:///sdp?host=/run/postgresql for a Unix socket.';
const KNOWN = ['host', 'port', 'user', 'sslmode', 'sslrootcert'];

export function isPostgresUrl(url: string): boolean {
  return /^postgres(?:ql)?:/.test(url);
}

/**
 * @param url `postgres://user:password@host:port/database`, parameters `host`, `port`, `user`, `sslmode` (`disable`,
 * `require`, `verify-full`) and `sslrootcert` (a file).
 * @param password of a file; before the one in the URL, and both before PGPASSWORD.
 * @throws SdpError invalid_request, which never shows the URL: it may hold a password.
 */
export function parsePostgresUrl(url: string, password: string | undefined, env: NodeJS.ProcessEnv = process.env): PostgresTarget {
  const parsed = parse(url);
  const { searchParams } = parsed;
  for (const name of searchParams.keys()) {
    if (!KNOWN.includes(name)) throw refused(`has the unknown parameter "${name.slice(0, 40)}"; known are ${KNOWN.join(', ')}`);
  }
  const port = Number(searchParams.get('port') ?? (parsed.port || env['PGPORT'] || '5432'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refused('has a port that is none');
  const database = decode(parsed.pathname.slice(1));
  if (database === '' || database.includes('/')) throw refused('names no database');
  const user = searchParams.get('user') ?? (decode(parsed.username) || env['PGUSER'] || userInfo().username);
  const host = searchParams.get('host') ?? (decode(parsed.hostname) || env['PGHOST'] || 'localhost');
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port,
    database,
    user,
    password: password ?? (decode(parsed.password) || env['PGPASSWORD'] || undefined),
    ssl: sslOf(searchParams),
  };
}

/** What people call the database; without user and password. */
export function nameOf({ host, port, database }: PostgresTarget): string {
  const at = host.includes(':') ? `[${host}]` : host;
  return `"${database}" on ${at}${port === 5432 ? '' : `:${port}`}`;
}

/** TLS as both drivers take it. */
export function tlsOf({ mode, rootCertificate }: PostgresTarget['ssl']): false | { rejectUnauthorized: boolean; ca?: string } {
  if (mode === 'disable') return false;
  return { rejectUnauthorized: mode === 'verify-full', ...(rootCertificate === undefined ? {} : { ca: rootCertificate }) };
}

function parse(url: string): URL {
  try {
    // `user@/database`, as psql takes it, is no URL to Node.
    return new URL(url.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=[/?])/, '$1localhost'));
  } catch {
    // The cause is left out: it holds the URL.
    throw refused('cannot be read');
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused('has a "%" that begins no escape: write "%25" for a "%" in a password');
  }
}

function sslOf(parameters: URLSearchParams): PostgresTarget['ssl'] {
  const file = parameters.get('sslrootcert');
  const mode = parameters.get('sslmode') ?? (file === null ? 'disable' : 'verify-full');
  if (mode !== 'disable' && mode !== 'require' && mode !== 'verify-full') {
    throw refused(`has sslmode=${mode.slice(0, 20)}; known are disable, require, verify-full`);
  }
  if (file === null) return { mode };
  try {
    return { mode, rootCertificate: readFileSync(file, 'utf8') };
  } catch {
    throw refused(`names the certificate file ${file}, which cannot be read`);
  }
}

function refused(why: string): SdpError {
  return new SdpError('invalid_request', `The URL of the PostgreSQL database ${why}.`, { hint: EXAMPLE });
}
