import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SdpError } from '#schema/errors';
import type { ControlledTransaction } from 'kysely';
import { storeClosed } from './closed.ts';
import { ConnectionLost } from './connection-lost.ts';
import type { Db, Tables, Tx } from './tables.ts';

type Operation<T> = (tx: Tx) => Promise<T>;

/** Does several writes at once; an outcome for each, in order. What it throws fails the whole batch. */
export type Together<R, T> = (tx: Tx, requests: readonly R[]) => Promise<({ value: T } | { error: unknown })[]>;

interface Queued {
  /** What is to be done: alone, in a savepoint, or together with its neighbours of the same kind. */
  work: { run: Operation<unknown>; rehearse: boolean } | { together: Together<unknown, unknown>; request: unknown };
  /** `performance.now()` of the call. */
  since: number;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

type Outcome = { value: unknown } | { error: unknown };

export interface WriterHooks {
  /** Runs first in every transaction and refuses the batch by throwing. */
  guard: (tx: Tx, batch: string) => Promise<void>;
  /** Called after each commit. */
  committed: () => void;
  /** What became of a batch whose commit was not answered. @throws ConnectionLost while that cannot be asked */
  settle?: (batch: string) => Promise<'committed' | 'lost' | 'unknown'>;
}

/** Writes per transaction at most. */
const BATCH = 128;
/** Milliseconds after which a batch takes no further write, so that readers and sockets get their turn. */
const BATCH_MS = 15;
/** Milliseconds that a write waits for a database that went away, before it is refused. */
const STALL_MS = 10_000;
const [AGAIN_MS, AGAIN_MAX_MS] = [50, 1_000];

/**
 * The single writer: queued writes share one transaction and one sync to disk, each with its own outcome by a
 * savepoint. A write is answered after the commit. Order of queueing is commit order. When the connection breaks,
 * writes wait for it, and a batch that is known to be taken back runs again.
 */
export class Writer {
  readonly #db: Db;
  readonly #hooks: WriterHooks;
  readonly #stallMs: number;
  #queue: Queued[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;
  /** Of the first in the queue, those that get a transaction each: their batch failed, and not by the connection. */
  #apart = 0;

  constructor(db: Db, hooks: WriterHooks, stallMs = STALL_MS) {
    this.#db = db;
    this.#hooks = hooks;
    this.#stallMs = stallMs;
  }

  /** Runs the operation in the next batch. @throws SdpError what the operation throws; unavailable once closed */
  write<T>(operation: Operation<T>): Promise<T> {
    return this.#enqueue({ run: operation, rehearse: false });
  }

  /** Runs the operation and takes it back: what it would answer. */
  rehearse<T>(operation: Operation<T>): Promise<T> {
    return this.#enqueue({ run: operation, rehearse: true });
  }

  /** Runs the request together with others that follow each other in the queue and name the same function. */
  writeTogether<R, T>(together: Together<R, T>, request: R): Promise<T> {
    return this.#enqueue({ together: together as Together<unknown, unknown>, request });
  }

  /** Finishes what is queued and refuses more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  #enqueue<T>(work: Queued['work']): Promise<T> {
    if (this.#closed) return Promise.reject(storeClosed());
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, since: performance.now(), resolve: (value) => resolve(value as T), reject });
      this.#draining ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    let pause = AGAIN_MS;
    while (this.#queue.length > 0) {
      // Callers of the same turn share a batch, and timers and sockets run between two batches.
      await new Promise((resolve) => setImmediate(resolve));
      const lost = await this.#runBatch();
      if (lost === undefined) {
        pause = AGAIN_MS;
        continue;
      }
      const now = performance.now();
      this.#queue = this.#queue.filter((queued) => {
        const waits = !this.#closed && now - queued.since < this.#stallMs;
        if (!waits) queued.reject(lost);
        return waits;
      });
      await sleep(pause);
      pause = Math.min(pause * 2, AGAIN_MAX_MS);
    }
    this.#draining = undefined;
  }

  /** @returns why, when the connection broke and the writes wait in the queue again. */
  async #runBatch(): Promise<ConnectionLost | undefined> {
    const batch: Queued[] = [];
    const outcomes: Outcome[] = [];
    const id = randomUUID();
    let committing = false;
    let tx: ControlledTransaction<Tables> | undefined;
    try {
      tx = await this.#db.startTransaction().execute();
      await this.#hooks.guard(tx, id);
      const started = performance.now();
      const most = this.#apart > 0 ? 1 : BATCH;
      while (batch.length < most && (batch.length === 0 || performance.now() - started < BATCH_MS)) {
        const next = this.#takeNext(most - batch.length);
        if (next.length === 0) break;
        batch.push(...next);
        outcomes.push(...(await runNext(tx, next)));
      }
      committing = true;
      await tx.commit().execute();
    } catch (error) {
      // The transaction is lost as a whole, and so is whoever waited for the guard.
      await tx
        ?.rollback()
        .execute()
        .catch(() => undefined);
      if (error instanceof ConnectionLost) {
        const fate = committing ? await this.#fateOf(id, error) : 'lost';
        if (fate === 'lost') {
          this.#queue.unshift(...batch);
          return error;
        }
        if (fate !== 'committed') {
          for (const queued of batch) queued.reject(fate);
          return undefined;
        }
      } else {
        if (batch.length > 1) {
          // One of them did it, and the others are not to suffer for it.
          this.#queue.unshift(...batch);
          this.#apart = batch.length;
          return undefined;
        }
        if (batch.length === 0) batch.push(...this.#queue.splice(0, BATCH));
        this.#apart = Math.max(0, this.#apart - batch.length);
        for (const queued of batch) queued.reject(error);
        return undefined;
      }
    }
    this.#apart = Math.max(0, this.#apart - batch.length);
    this.#hooks.committed();
    batch.forEach((queued, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) return;
      if ('error' in outcome) queued.reject(outcome.error);
      else queued.resolve(outcome.value);
    });
    return undefined;
  }

  /** The first of the queue, with those after it that run together with it. */
  #takeNext(atMost: number): Queued[] {
    const first = this.#queue[0]?.work;
    if (first === undefined) return [];
    const alike = ({ work }: Queued): boolean => 'together' in first && 'together' in work && work.together === first.together;
    const end = this.#queue.findIndex((queued, index) => index > 0 && (index >= atMost || !alike(queued)));
    return this.#queue.splice(0, end === -1 ? this.#queue.length : end);
  }

  /** Asks until the database answers or its time is over; the answer of a write that is in doubt is an error of its own. */
  async #fateOf(id: string, lost: ConnectionLost): Promise<'committed' | 'lost' | SdpError> {
    const end = performance.now() + this.#stallMs;
    while (this.#hooks.settle !== undefined && performance.now() < end) {
      try {
        const fate = await this.#hooks.settle(id);
        if (fate !== 'unknown') return fate;
        break;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) return SdpError.from(error);
      }
      await sleep(AGAIN_MS * 2);
    }
    return new SdpError('unavailable', `${lost.message} It is not known whether the write was saved.`, {
      hint: 'Look whether it was before you repeat it.',
      cause: lost,
    });
  }
}

async function runNext(tx: ControlledTransaction<Tables>, queued: readonly Queued[]): Promise<Outcome[]> {
  const work = queued[0]?.work;
  if (work === undefined) return [];
  if ('run' in work) return [await runOne(tx, work.run, work.rehearse)];
  return await work.together(tx, queued.map((one) => ('request' in one.work ? one.work.request : undefined)));
}

/** @throws when the savepoint cannot be taken back: the database has given up the transaction. */
async function runOne(tx: ControlledTransaction<Tables>, run: Operation<unknown>, rehearse: boolean): Promise<Outcome> {
  const inner = await tx.savepoint('write').execute();
  let outcome: Outcome;
  try {
    outcome = { value: await run(inner) };
  } catch (error) {
    outcome = { error };
  }
  try {
    if ('error' in outcome || rehearse) await inner.rollbackToSavepoint('write').execute();
    await inner.releaseSavepoint('write').execute();
  } catch (error) {
    throw 'error' in outcome ? outcome.error : error;
  }
  return outcome;
}
