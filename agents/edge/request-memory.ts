/**
 * Which lines of HAProxy's memory were handed out: after a reconnect, or a new start of the agent, HAProxy tells all
 * that it still holds once more. Lines come in the order of their end; the newest of them are remembered. Pure.
 */
import type { Noted } from './request-entry.ts';

const REMEMBERED = 200;

export interface KeptMemory {
  /** The process whose memory it is. */
  worker: string;
  /** Of the newest line, in milliseconds since 1970. */
  end: number;
  /** HAProxy's numbers of the newest lines. */
  counts: number[];
}

export class RequestMemory {
  private readonly counts: Set<number>;
  private end: number;
  /** Going through what was handed out before. */
  private known: boolean;
  private first = true;
  /** Requests that HAProxy forgot before anybody read them; about, since it numbers other work as well. */
  missed = 0;

  constructor(
    readonly worker: string,
    kept?: KeptMemory,
  ) {
    const same = kept?.worker === worker ? kept : undefined;
    this.counts = new Set(same?.counts ?? []);
    this.end = same?.end ?? 0;
    this.known = this.counts.size > 0;
  }

  /** HAProxy is about to tell all again. */
  again(): void {
    this.known = this.counts.size > 0;
    this.first = true;
  }

  /** Whether this line has not been handed out; it is from now on. */
  isNew(noted: Noted): boolean {
    const { end } = noted;
    if (this.known) {
      const remembered = this.counts.has(noted.count);
      if (this.first && !remembered && end > this.end) {
        // The oldest line that is still there is younger than the newest that was read.
        this.missed += Math.max(0, noted.count - Math.max(...this.counts) - 1);
      }
      this.first = false;
      if (remembered || end > this.end) this.known = false;
      if (remembered || this.known) return false;
    } else if (this.counts.has(noted.count)) {
      return false;
    }
    this.counts.add(noted.count);
    this.end = Math.max(this.end, end);
    if (this.counts.size > REMEMBERED) this.counts.delete(this.counts.values().next().value as number);
    return true;
  }

  keep(): KeptMemory {
    return { worker: this.worker, end: this.end, counts: [...this.counts] };
  }
}
