import { CamelCasePlugin, Kysely, sql } from 'kysely';
import pg from 'pg';
import type { Connections } from '../connections.ts';
import type { Db, Tables } from '../tables.ts';
import { Listener } from './listener.ts';
import { SdpPostgresDialect } from './postgres-dialect.ts';
import { nameOf, tlsOf, type PostgresTarget } from './postgres-url.ts';

/** Reads at the same time. */
const READERS = 8;
/** Milliseconds until a server that does not answer counts as lost. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;
/** Milliseconds to wait for another session that writes: longer than one may idle in a transaction. */
const LOCK_MS = 10_000;
/** Milliseconds that a stopped process keeps others out; below the lease, so that who takes over finds the way free. */
const IDLE_IN_TRANSACTION_MS = 5_000;

/**
 * A plan made while a table was small would be kept while it grows, and statistics come late to tables that grow fast:
 * everything here goes by keys, of which there is an index.
 */
const PLANS = '-c plan_cache_mode=force_custom_plan -c random_page_cost=1.1 -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off';

const INT8 = 20;
/** Sequences and times stay far below 2^53; the driver would answer text. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format))) as typeof pg.types.getTypeParser,
};

/** Opens nothing yet: connections are made when they are used, and again after they broke. */
export function openPostgres(target: PostgresTarget): Connections {
  const name = `${nameOf(target)}`;
  const write = kysely(pool(target, 1), name, true);
  const read = kysely(pool(target, READERS), name, false);
  let listener: Listener | undefined;
  return {
    read,
    write,
    name: `the PostgreSQL database ${name}`,
    databaseTime: sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
    shared: true,
    async tables() {
      const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables where table_schema = current_schema()`.execute(write);
      return rows.map((row) => row.name);
    },
    onCommit(wake) {
      listener = new Listener(target, wake);
    },
    async close() {
      await listener?.close();
      await read.destroy();
      await write.destroy();
    },
  };
}

function pool(target: PostgresTarget, max: number): pg.Pool {
  const { host, port, database, user, password, ssl } = target;
  return new pg.Pool({
    host,
    port,
    database,
    user,
    // As a function: node-postgres would look for another one when it is left out.
    password: () => password ?? '',
    ssl: tlsOf(ssl),
    max,
    application_name: 'sdp',
    options: PLANS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    types,
  });
}

function kysely(connections: pg.Pool, name: string, writes: boolean): Db {
  // A cluster told otherwise would lose acknowledged commits; one that waits for replicas goes on doing so.
  const durable = "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'";
  if (writes) connections.on('connect', (client) => void client.query(durable).catch(() => undefined));
  return new Kysely<Tables>({ dialect: new SdpPostgresDialect(connections, name), plugins: [new CamelCasePlugin()] });
}
