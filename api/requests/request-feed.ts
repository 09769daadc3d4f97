/** Tells people who follow a sandbox which requests its edges saw. */
import type { RequestView } from '#schema/http';
import type { DocumentStore } from '#specs/store';
import { describeError, type Logger } from '../http/logger.ts';
import type { Stream } from '../stream/stream.ts';

/** Requests of one event; of more only the newest are told, and how many were left out. */
const MAX_PER_EVENT = 200;
/** A sandbox may be deleted and made again under its name: milliseconds that its uid is believed. */
const BELIEVED_MS = 2_000;

export class RequestFeed {
  readonly #uids = new Map<string, { uid: string | undefined; until: number }>();

  constructor(
    private readonly stream: Pick<Stream, 'requests' | 'requestFollowers'>,
    private readonly store: Pick<DocumentStore, 'get'>,
    private readonly log: Logger,
    /** As people are to read them. */
    private readonly judged: (uid: string, requests: readonly RequestView[]) => Promise<RequestView[]>,
  ) {}

  /** Costs nothing while nobody follows. Never rejects. */
  async tell(requests: readonly RequestView[]): Promise<void> {
    for (const slug of this.stream.requestFollowers()) {
      try {
        const uid = await this.#uidOf(slug);
        if (uid === undefined) continue;
        const own = await this.judged(uid, requests.filter((request) => request.sandboxUid === uid));
        if (own.length > 0) this.stream.requests(slug, own.slice(-MAX_PER_EVENT), Math.max(0, own.length - MAX_PER_EVENT));
      } catch (thrown) {
        this.log.warn('requests not told', { sandbox: slug, error: describeError(thrown) });
      }
    }
  }

  async #uidOf(slug: string): Promise<string | undefined> {
    const now = performance.now();
    const known = this.#uids.get(slug);
    if (known !== undefined && known.until > now) return known.uid;
    for (const [other, { until }] of this.#uids) if (until <= now) this.#uids.delete(other);
    const uid = (await this.store.get('Sandbox', slug))?.metadata.uid;
    this.#uids.set(slug, { uid, until: now + BELIEVED_MS });
    return uid;
  }
}
