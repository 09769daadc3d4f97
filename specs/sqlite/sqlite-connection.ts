import Database from 'better-sqlite3';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { storeClosed } from '../closed.ts';
import { sqliteError } from './sqlite-errors.ts';

/** Compiled statements kept per connection. */
const CACHED = 400;

/** One connection as Kysely wants it: statements are compiled once, and what SQLite throws becomes an SdpError. */
export class SqliteConnection implements SqliteDatabase {
  readonly #database: Database.Database;
  readonly #file: string;
  #closed = false;
  readonly #statements = new Map<string, SqliteStatement>();

  /** Opens the file. @throws SdpError unavailable */
  constructor(file: string, pragmas: readonly string[]) {
    this.#file = file;
    this.#database = this.#guard(() => new Database(file));
    try {
      for (const pragma of pragmas) this.#guard(() => this.#database.pragma(pragma));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= CACHED) this.#statements.clear();
    const statement = this.#guard(() => this.#database.prepare<unknown[]>(sql));
    const guarded: SqliteStatement = {
      reader: statement.reader,
      all: (parameters) => this.#guard(() => statement.all(...parameters)),
      run: (parameters) => this.#guard(() => statement.run(...parameters)),
      iterate: (parameters) => this.#guard(() => statement.iterate(...parameters)),
    };
    this.#statements.set(sql, guarded);
    return guarded;
  }

  close(): void {
    this.#closed = true;
    this.#database.close();
  }

  #guard<T>(action: () => T): T {
    if (this.#closed) throw storeClosed();
    try {
      return action();
    } catch (error) {
      throw sqliteError(error, this.#file);
    }
  }
}
