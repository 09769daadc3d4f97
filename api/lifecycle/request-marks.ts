/** Which sandboxes had requests since somebody looked last. */
export class RequestMarks {
  readonly #counts = new Map<string, number>();

  /** @param countOf requests so far; it may begin anew from 0 */
  constructor(private readonly countOf: (uid: string) => number) {}

  /** @param take the next call asks from now on */
  since(uid: string, take: boolean): boolean {
    const count = this.countOf(uid);
    const came = count > 0 && count !== this.#counts.get(uid);
    if (take) this.#counts.set(uid, count);
    return came;
  }

  /** Forgets all others. */
  retain(uids: ReadonlySet<string>): void {
    for (const uid of this.#counts.keys()) if (!uids.has(uid)) this.#counts.delete(uid);
  }
}
