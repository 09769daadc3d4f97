import postgres from 'postgres';
import { CHANNEL } from './postgres-dialect.ts';
import { tlsOf, type PostgresTarget } from './postgres-url.ts';

/** Milliseconds between attempts while the database is away: who watches looks once a second anyway. */
const AGAIN_MS = 500;
/** Seconds for one attempt. */
const CONNECT_SECONDS = 5;

/** Wakes at every commit of any process. A connection that broke is made anew, and wakes then too: commits were missed. */
export class Listener {
  readonly #target: PostgresTarget;
  readonly #wake: () => void;
  #sql: postgres.Sql | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(target: PostgresTarget, wake: () => void) {
    this.#target = target;
    this.#wake = wake;
    void this.#listen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sql?.end({ timeout: 0 });
  }

  async #listen(): Promise<void> {
    const { host, port, database, user, password, ssl } = this.#target;
    const connection: postgres.Sql = postgres({
      host,
      port,
      database,
      user,
      password: password ?? '',
      ssl: tlsOf(ssl),
      max: 1,
      connect_timeout: CONNECT_SECONDS,
      connection: { application_name: 'sdp listener' },
      onnotice: () => undefined,
    });
    this.#sql = connection;
    try {
      // It listens again by itself after it broke, and calls the second function each time that it listens.
      await connection.listen(CHANNEL, this.#wake, this.#wake);
    } catch {
      await connection.end({ timeout: 0 }).catch(() => undefined);
      if (this.#closed) return;
      this.#timer = setTimeout(() => void this.#listen(), AGAIN_MS);
      this.#timer.unref();
    }
  }
}
