/**
 * While two containers trade names, a listing shows nobody under the canonical name; whoever acted on that would
 * take the service for lost. Listings made through the guard never fall into that moment.
 */
export class RenameGuard {
  private swaps = 0;
  private running: Promise<unknown> = Promise.resolve();

  /** Runs a swap of names; swaps run one after the other. */
  swap<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.running.then(work, work);
    this.swaps += 1;
    this.running = mine.catch(() => undefined);
    return mine;
  }

  /** Runs a listing, again when a swap began meanwhile. */
  async list<T>(listing: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.running;
      const before = this.swaps;
      const result = await listing();
      if (before === this.swaps) return result;
    }
  }
}
