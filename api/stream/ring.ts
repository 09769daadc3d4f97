/** The newest events, serialised once, for clients that come back. */

export interface RingEntry {
  seq: number;
  /** Slug of the sandbox that it concerns; undefined for nodes and shared documents. */
  sandbox: string | undefined;
  /** Id of the deployment whose log lines these are. */
  logs: string | undefined;
  /** The whole message as it is sent. */
  text: string;
}

export class Ring {
  readonly #entries: RingEntry[] = [];
  #bytes = 0;
  /** Highest sequence that was dropped; 0 when none was. */
  dropped = 0;

  constructor(
    readonly maxEntries: number,
    readonly maxBytes: number,
  ) {}

  push(entry: RingEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.text.length;
    let drop = 0;
    while (this.#entries.length - drop > this.maxEntries || this.#bytes > this.maxBytes) {
      const oldest = this.#entries[drop];
      if (oldest === undefined) break;
      this.#bytes -= oldest.text.length;
      this.dropped = oldest.seq;
      drop += 1;
    }
    if (drop > 0) this.#entries.splice(0, drop);
  }

  /** Forgets everything up to a sequence. */
  clear(seq: number): void {
    this.#entries.length = 0;
    this.#bytes = 0;
    this.dropped = seq;
  }

  /** Entries after a sequence, or undefined when some of them are gone. */
  after(seq: number): RingEntry[] | undefined {
    return seq < this.dropped ? undefined : this.#entries.filter((entry) => entry.seq > seq);
  }
}
