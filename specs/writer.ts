import type { ControlledTransaction } from 'kysely';
import { storeClosed } from './closed.ts';
import type { Db, Tables, Tx } from './tables.ts';

type Operation<T> = (tx: Tx) => Promise<T>;

interface Queued {
  run: Operation<unknown>;
  rehearse: boolean;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

type Outcome = { value: unknown } | { error: unknown };

/** Writes per transaction at most. */
const BATCH = 128;
/** Milliseconds after which a batch takes no further write, so that readers and sockets get their turn. */
const BATCH_MS = 15;

/**
 * The single writer: queued writes share one transaction and one sync to disk, each with its own outcome by a
 * savepoint. A write is answered after the commit. Order of queueing is commit order.
 */
export class Writer {
  readonly #db: Db;
  readonly #guard: (tx: Tx) => Promise<void>;
  readonly #committed: () => void;
  #queue: Queued[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  /** `guard` runs first in every transaction and refuses the batch by throwing; `committed` is called after each. */
  constructor(db: Db, hooks: { guard: (tx: Tx) => Promise<void>; committed: () => void }) {
    this.#db = db;
    this.#guard = hooks.guard;
    this.#committed = hooks.committed;
  }

  /** Runs the operation in the next batch. @throws SdpError what the operation throws; unavailable once closed */
  write<T>(operation: Operation<T>): Promise<T> {
    return this.#enqueue(operation, false);
  }

  /** Runs the operation and takes it back: what it would answer. */
  rehearse<T>(operation: Operation<T>): Promise<T> {
    return this.#enqueue(operation, true);
  }

  /** Finishes what is queued and refuses more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  #enqueue<T>(run: Operation<T>, rehearse: boolean): Promise<T> {
    if (this.#closed) return Promise.reject(storeClosed());
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run, rehearse, resolve: (value) => resolve(value as T), reject });
      this.#draining ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Callers of the same turn share a batch, and timers and sockets run between two batches.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#runBatch();
    }
    this.#draining = undefined;
  }

  async #runBatch(): Promise<void> {
    const batch: Queued[] = [];
    const outcomes: Outcome[] = [];
    let tx: ControlledTransaction<Tables> | undefined;
    try {
      tx = await this.#db.startTransaction().execute();
      await this.#guard(tx);
      const started = performance.now();
      while (batch.length < BATCH && (batch.length === 0 || performance.now() - started < BATCH_MS)) {
        const queued = this.#queue.shift();
        if (queued === undefined) break;
        batch.push(queued);
        outcomes.push(await runOne(tx, queued));
      }
      await tx.commit().execute();
    } catch (error) {
      // The transaction is lost as a whole, and so is whoever waited for the guard.
      await tx
        ?.rollback()
        .execute()
        .catch(() => undefined);
      if (batch.length === 0) batch.push(...this.#queue.splice(0, BATCH));
      for (const queued of batch) queued.reject(error);
      return;
    }
    this.#committed();
    batch.forEach((queued, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) return;
      if ('error' in outcome) queued.reject(outcome.error);
      else queued.resolve(outcome.value);
    });
  }
}

/** @throws when the savepoint cannot be taken back: the database has given up the transaction. */
async function runOne(tx: ControlledTransaction<Tables>, queued: Queued): Promise<Outcome> {
  const inner = await tx.savepoint('write').execute();
  let outcome: Outcome;
  try {
    outcome = { value: await queued.run(inner) };
  } catch (error) {
    outcome = { error };
  }
  try {
    if ('error' in outcome || queued.rehearse) await inner.rollbackToSavepoint('write').execute();
    await inner.releaseSavepoint('write').execute();
  } catch (error) {
    throw 'error' in outcome ? outcome.error : error;
  }
  return outcome;
}
