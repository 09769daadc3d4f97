/** Work queue of keys: events only add; the worker reads the level. */
import PQueue from 'p-queue';
import { SdpError } from '#schema/errors';
import type { Outcome } from '../contract.ts';
import { backoffMs } from './backoff.ts';

/** First wait after a failed pass, in milliseconds. */
const FIRST_RETRY_MS = 200;

export interface KeyQueueOptions {
  work: (key: string) => Promise<Outcome>;
  concurrency: number;
  /** Told of every pass that failed, before it is tried again or given up. */
  onError: (key: string, error: SdpError) => void;
  random?: () => number;
}

/** One entry per key, one worker per key; a key that is added during its pass gets another pass. */
export class KeyQueue {
  readonly #options: KeyQueueOptions;
  readonly #pool: PQueue;
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, { again: boolean }>();
  readonly #timers = new Map<string, { at: number; timer: ReturnType<typeof setTimeout> }>();
  readonly #failures = new Map<string, number>();
  #stopped = false;

  constructor(options: KeyQueueOptions) {
    this.#options = options;
    this.#pool = new PQueue({ concurrency: options.concurrency });
  }

  /** Work on this key as soon as a worker is free. */
  add(key: string): void {
    if (this.#stopped) return;
    const running = this.#running.get(key);
    if (running) {
      running.again = true;
      return;
    }
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    void this.#pool.add(() => this.#pass(key));
  }

  /** Work on this key in `afterMs` milliseconds, or sooner if asked so already. */
  addAfter(key: string, afterMs: number): void {
    if (this.#stopped) return;
    const at = Date.now() + Math.max(0, afterMs);
    const earlier = this.#timers.get(key);
    if (earlier && earlier.at <= at) return;
    if (earlier) clearTimeout(earlier.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, Math.min(2 ** 31 - 1, Math.max(0, afterMs)));
    this.#timers.set(key, { at, timer });
  }

  /** Work on this key again after a wait that grows with its failures. */
  retry(key: string): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.addAfter(key, backoffMs(failures, (this.#options.random ?? Math.random)(), FIRST_RETRY_MS));
  }

  /** The key's failures no longer count. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Keys that wait or are worked on. */
  get size(): number {
    return this.#waiting.size + this.#running.size;
  }

  /** Lets running passes end and starts no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#pool.clear();
    this.#waiting.clear();
    await this.#pool.onIdle();
  }

  async #pass(key: string): Promise<void> {
    this.#waiting.delete(key);
    if (this.#stopped) return;
    const state = { again: false };
    this.#running.set(key, state);
    try {
      this.#conclude(key, await this.#options.work(key));
    } catch (error) {
      this.#conclude(key, { kind: 'retry', error });
    } finally {
      this.#running.delete(key);
      if (state.again) this.add(key);
    }
  }

  #conclude(key: string, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'done':
        return this.forget(key);
      case 'requeue':
        this.forget(key);
        return this.addAfter(key, outcome.afterMs);
      case 'retry':
        this.#options.onError(key, SdpError.from(outcome.error));
        return this.retry(key);
      case 'terminal':
        this.#options.onError(key, outcome.error);
        return this.forget(key);
    }
  }
}
