/** Wakes those who wait for commits. Carries nothing: who wakes reads the level. */
export class Wakeup {
  #waiting = new Set<() => void>();
  #count = 0;

  /** Rises with each `notify`: give it to `wait`, so that a wake-up between reading and waiting is not missed. */
  get count(): number {
    return this.#count;
  }

  notify(): void {
    this.#count += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves when notified since `seen`, when aborted, or after `timeoutMs` (another process may have written). */
  wait(seen: number, signal: AbortSignal, timeoutMs: number): Promise<void> {
    if (this.#count !== seen || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      timer.unref();
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}
