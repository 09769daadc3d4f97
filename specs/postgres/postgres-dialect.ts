import { createHash } from 'node:crypto';
import { CompiledQuery, PostgresDialect, PostgresDriver, type DatabaseConnection, type Driver, type PostgresPoolClient, type PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { ConnectionLost } from '../connection-lost.ts';
import { postgresError } from './postgres-errors.ts';

/** Who writes tells that something was committed; who listens reads it by sequence. Carries nothing. */
export const CHANNEL = 'sdp_commits';

/** Kysely's PostgreSQL on a pool whose statements are prepared by name and whose errors are SdpErrors. */
export class SdpPostgresDialect extends PostgresDialect {
  readonly #pool: NamedPool;

  constructor(pool: pg.Pool, name: string) {
    const named = new NamedPool(pool, name);
    super({ pool: named });
    this.#pool = named;
  }

  override createDriver(): Driver {
    return new NotifyingDriver({ pool: this.#pool });
  }
}

/** Commits and tells of it in one round trip. PostgreSQL delivers a notification with its commit, or not at all. */
class NotifyingDriver extends PostgresDriver {
  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`notify ${CHANNEL}; commit`));
  }
}

class NamedPool {
  readonly #pool: pg.Pool;
  readonly #name: string;
  readonly #clients = new WeakMap<pg.PoolClient, NamedClient>();

  constructor(pool: pg.Pool, name: string) {
    this.#pool = pool;
    this.#name = name;
    // Without listeners, a connection that breaks would end the process. Who uses it next is told.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      const client = await this.#pool.connect();
      const known = this.#clients.get(client) ?? new NamedClient(client, this.#name);
      this.#clients.set(client, known);
      return known;
    } catch (error) {
      throw postgresError(error, this.#name);
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

class NamedClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #database: string;
  #broken = false;

  constructor(client: pg.PoolClient, database: string) {
    this.#client = client;
    this.#database = database;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: never): R;
  async query<R>(sql: string, parameters: readonly unknown[] = []): Promise<PostgresQueryResult<R>> {
    try {
      // Without parameters it may be several statements; the last one's result counts.
      const result: unknown = await (parameters.length === 0
        ? this.#client.query(sql)
        : this.#client.query({ name: statementName(sql), text: sql, values: [...parameters] }));
      return (Array.isArray(result) ? result.at(-1) : result) as PostgresQueryResult<R>;
    } catch (error) {
      const told = postgresError(error, this.#database);
      if (told instanceof ConnectionLost) this.#broken = true;
      throw told;
    }
  }

  release(): void {
    this.#client.release(this.#broken);
  }
}

/** Statements by their text; what code can say is a fixed number of texts. */
const names = new Map<string, string>();

function statementName(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = createHash('sha256').update(sql).digest('base64url').slice(0, 24);
    names.set(sql, name);
  }
  return name;
}
