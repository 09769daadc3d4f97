/**
 * Requests that the edge saw, on their way to the control plane. The newest are kept for a while and sent again after
 * a lost session; none are promised. A slow or absent session costs the oldest, never memory and never the session.
 */
import type { EdgeRequest, RequestsMessage } from '#schema/wire/requests';
import { trimmed } from './trimmed.ts';

export interface OutboxLimits {
  /** Requests kept. */
  keep: number;
  /** Milliseconds that one is kept. */
  keepMs: number;
  /** Least milliseconds between two messages. */
  everyMs: number;
  /** Requests of one message. */
  batch: number;
  /** Bytes under way in the session beyond which nothing is added. */
  backlogBytes: number;
}

const LIMITS: OutboxLimits = { keep: 2_000, keepMs: 15 * 60_000, everyMs: 200, batch: 500, backlogBytes: 1024 * 1024 };
/** A lone request does not wait the whole interval: others of its kind come within this many milliseconds. */
const GATHER_MS = 20;

interface Kept {
  request: EdgeRequest;
  /** Monotonic milliseconds. */
  notedAt: number;
}

type Send = (message: RequestsMessage) => void;

export class RequestOutbox {
  #kept: Kept[] = [];
  #nextSeq = 1;
  /** Highest seq that was sent in this session. */
  #sent = 0;
  /** Highest seq that was sent in any session. */
  #everSent = 0;
  #missed = 0;
  #lastMessage = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #session: { send: Send; backlog: () => number } | undefined;

  constructor(
    private readonly bootId: string,
    private readonly limits: OutboxLimits = LIMITS,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Takes requests in order, and how many others could not be noted. */
  note(requests: readonly Omit<EdgeRequest, 'seq'>[], missed: number): void {
    this.#missed += missed;
    const notedAt = this.now();
    for (const request of requests) this.#kept.push({ request: trimmed({ seq: this.#nextSeq++, ...request }), notedAt });
    // In one go now and then: a busy edge notes thousands in a second.
    if (this.#kept.length > this.limits.keep * 1.25) this.#dropOld();
    this.#schedule();
  }

  /** A new session: what is kept is sent again, and from now on what comes. */
  attach(send: Send, backlog: () => number): void {
    this.#session = { send, backlog };
    this.#sent = 0;
    this.#schedule();
  }

  detach(): void {
    this.#session = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Those that were never sent count as missed. */
  #dropOld(): void {
    const oldest = this.now() - this.limits.keepMs;
    let drop = Math.max(0, this.#kept.length - this.limits.keep);
    while ((this.#kept[drop]?.notedAt ?? Infinity) < oldest) drop += 1;
    if (drop === 0) return;
    this.#missed += this.#kept.slice(0, drop).filter(({ request }) => request.seq > this.#everSent).length;
    this.#kept = this.#kept.slice(drop);
  }

  get #waiting(): boolean {
    return this.#missed > 0 || (this.#kept.at(-1)?.request.seq ?? 0) > this.#sent;
  }

  #schedule(): void {
    if (this.#session === undefined || this.#timer !== undefined || !this.#waiting) return;
    const wait = Math.max(GATHER_MS, this.#lastMessage + this.limits.everyMs - this.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
      this.#schedule();
    }, wait);
    this.#timer.unref();
  }

  #flush(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#lastMessage = this.now();
    // The session's own messages go first; what waits here is bounded.
    if (session.backlog() > this.limits.backlogBytes) return;
    this.#dropOld();
    const first = this.#kept[0]?.request.seq ?? this.#nextSeq;
    const from = Math.max(0, this.#sent - first + 1);
    const requests = this.#kept.slice(from, from + this.limits.batch).map(({ request }) => request);
    session.send({ type: 'requests', bootId: this.bootId, requests, missed: this.#missed });
    this.#missed = 0;
    this.#sent = requests.at(-1)?.seq ?? this.#sent;
    this.#everSent = Math.max(this.#everSent, this.#sent);
  }
}
