/** Slows guessing down without locking people out: per user name and address, never per user name alone. */
import { SdpError } from '#schema/errors';

interface Attempts {
  failures: number;
  inFlight: number;
  lastAt: number;
}

const FREE_FAILURES = 5;
const MAX_DELAY_MS = 60_000;
const FORGET_MS = 15 * 60_000;
const MAX_KEYS = 10_000;

export class Throttle {
  /** Least recently used first. */
  readonly #attempts = new Map<string, Attempts>();

  constructor(private readonly now: () => number) {}

  #entry(key: string): Attempts {
    const now = this.now();
    const old = this.#attempts.get(key);
    const entry = old === undefined || (old.inFlight === 0 && now - old.lastAt > FORGET_MS) ? { failures: 0, inFlight: 0, lastAt: now } : old;
    this.#attempts.delete(key);
    this.#attempts.set(key, entry);
    const oldest = this.#attempts.keys().next().value;
    if (this.#attempts.size > MAX_KEYS && oldest !== undefined) this.#attempts.delete(oldest);
    return entry;
  }

  /**
   * Runs one attempt. `isFailure` says whether what it threw counts.
   * @throws SdpError throttled, before anything is tried
   */
  async attempt<T>(key: string, run: () => Promise<T>, isFailure: (thrown: unknown) => boolean): Promise<T> {
    const entry = this.#entry(key);
    const waitMs = this.#waitMs(entry);
    if (waitMs > 0) {
      throw new SdpError('throttled', `Too many failed logins: the next try is possible in ${Math.ceil(waitMs / 1000)} s.`);
    }
    entry.inFlight += 1;
    try {
      const value = await run();
      entry.failures = 0;
      return value;
    } catch (thrown) {
      if (isFailure(thrown)) {
        entry.failures += 1;
        entry.lastAt = this.now();
      }
      throw thrown;
    } finally {
      entry.inFlight -= 1;
    }
  }

  #waitMs(entry: Attempts): number {
    // Attempts under way count as failures, so that many at once gain nothing.
    if (entry.failures + entry.inFlight < FREE_FAILURES) return 0;
    if (entry.inFlight > 0) return 1_000;
    const delay = Math.min(MAX_DELAY_MS, 1_000 * 2 ** (entry.failures - FREE_FAILURES));
    return Math.max(0, entry.lastAt + delay - this.now());
  }
}
