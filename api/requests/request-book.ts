/** The newest requests of each sandbox and how many there were lately. In memory: a restart begins anew. */
import type { RequestView } from '#schema/http';
import { GATEWAY_SERVICE } from '#schema/names';
import { isEntrance, isFor } from '#schema/wire/requests';
import { RecentCounts } from './recent-counts.ts';

export interface BookLimits {
  /** Requests kept of one sandbox. */
  perSandbox: number;
  /** Requests kept of all. */
  total: number;
  sandboxes: number;
}

const LIMITS: BookLimits = { perSandbox: 500, total: 50_000, sandboxes: 2_000 };

interface Page {
  requests: RequestView[];
  counts: RecentCounts;
  lastGatewayAt?: string;
  /** Requests to its gateway so far. */
  gateway: number;
}

export class RequestBook {
  /** By uid; the least recently active first. */
  readonly #pages = new Map<string, Page>();
  #total = 0;

  constructor(
    private readonly now: () => number,
    private readonly limits: BookLimits = LIMITS,
  ) {}

  /** Takes one that was not taken before. Without a sandbox it is nobody's. */
  add(request: RequestView): void {
    const uid = request.sandboxUid;
    if (uid === undefined) return;
    const page = this.#pages.get(uid) ?? { requests: [], counts: new RecentCounts(), gateway: 0 };
    this.#pages.delete(uid);
    this.#pages.set(uid, page);
    page.requests.push(request);
    this.#total += 1;
    // In one go now and then, so that a busy sandbox does not move 500 entries at each request.
    if (page.requests.length > this.limits.perSandbox * 1.5) this.#total -= page.requests.splice(0, page.requests.length - this.limits.perSandbox).length;
    this.#count(page, request);
    this.#makeRoom();
  }

  #count(page: Page, request: RequestView): void {
    const service = countedAs(request);
    if (service === undefined) return;
    page.counts.add(service, Date.parse(request.at), this.now());
    if (service !== GATEWAY_SERVICE) return;
    page.gateway += 1;
    if (page.lastGatewayAt === undefined || page.lastGatewayAt < request.at) page.lastGatewayAt = request.at;
  }

  #makeRoom(): void {
    for (const [uid, page] of this.#pages) {
      if (this.#total <= this.limits.total && this.#pages.size <= this.limits.sandboxes) return;
      this.#total -= page.requests.splice(0).length;
      if (this.#pages.size > this.limits.sandboxes) this.#pages.delete(uid);
    }
  }

  /** Newest first, by the clocks of their nodes. */
  newest(sandboxUid: string, { limit, service }: { limit: number; service?: string }): RequestView[] {
    const kept = this.#pages.get(sandboxUid)?.requests.slice(-this.limits.perSandbox) ?? [];
    const wanted = kept.filter((request) => service === undefined || isFor(request, service));
    return wanted.reverse().sort(newestFirst).slice(0, limit);
  }

  /** Requests of the last ten minutes: calls from inside by service, and those to the gateway as `gateway`. */
  counts(sandboxUid: string): ReadonlyMap<string, number> {
    return this.#pages.get(sandboxUid)?.counts.totals(this.now()) ?? new Map<string, number>();
  }

  /** ISO 8601: when the newest request to its gateway arrived; undefined when none did in this server's life. */
  lastRequestAt(sandboxUid: string): string | undefined {
    return this.#pages.get(sandboxUid)?.lastGatewayAt;
  }

  /** Requests to its gateway in this server's life; it may begin anew for one that was quiet among very many. */
  gatewayRequests(sandboxUid: string): number {
    return this.#pages.get(sandboxUid)?.gateway ?? 0;
  }

  forget(sandboxUid: string): void {
    this.#total -= this.#pages.get(sandboxUid)?.requests.length ?? 0;
    this.#pages.delete(sandboxUid);
  }
}

/** Of two in one millisecond the one that lasted longer came first: the other is what it led to. */
const newestFirst = (a: RequestView, b: RequestView): number =>
  a.at === b.at ? Number(isEntrance(a)) - Number(isEntrance(b)) || a.durationMs - b.durationMs : a.at < b.at ? 1 : -1;

/**
 * The service that a request counts for; undefined for the second half of one that another edge counted. A request to
 * a gateway on another node is counted there, unless it never got there.
 */
export function countedAs(request: RequestView): string | undefined {
  if (request.entry === 'inside') return request.service;
  const passedOn = request.target.kind === 'node' && request.failure === undefined;
  if (isEntrance(request) || request.service === GATEWAY_SERVICE) return passedOn ? undefined : GATEWAY_SERVICE;
  return undefined;
}
