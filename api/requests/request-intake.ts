/** Requests from agents: each once, to the book, to whoever waits for one, and to people who follow a sandbox. */
import type { RequestView } from '#schema/http';
import type { EdgeRequest, RequestsMessage } from '#schema/wire/requests';
import type { RequestBook } from './request-book.ts';

export interface IntakeOptions {
  book: Pick<RequestBook, 'add'>;
  /** Told of what is new, in order. */
  onNew(requests: readonly RequestView[]): Promise<void>;
}

/** Characters of a text; agents cut theirs far below. */
const LONGEST = 4_096;
/** Requests with one id that a trace collects. */
const MAX_COLLECTED = 500;

export interface Collection {
  readonly requests: RequestView[];
  /** Ends it. */
  end(): void;
}

export class RequestIntake {
  readonly #options: IntakeOptions;
  /** How far each node's boot has been taken. An agent sends again what it keeps. */
  readonly #marks = new Map<string, { bootId: string; seq: number }>();
  readonly #collections = new Map<string, RequestView[]>();
  /** Requests taken, and requests that agents could not note, since the start. */
  taken = 0;
  missed = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** What is malformed is left out: a newer agent may say more, and a request is no reason to end a session. */
  async take(node: string, message: RequestsMessage): Promise<void> {
    const mark = this.#markOf(node, message.bootId);
    const fresh: RequestView[] = [];
    for (const request of Array.isArray(message.requests) ? message.requests : []) {
      if (!isRequest(request) || request.seq <= mark.seq) continue;
      mark.seq = request.seq;
      fresh.push({ ...request, node });
    }
    this.taken += fresh.length;
    if (Number.isSafeInteger(message.missed) && message.missed > 0) this.missed += message.missed;
    for (const request of fresh) {
      this.#options.book.add(request);
      const collection = this.#collections.get(request.id);
      if (collection !== undefined && collection.length < MAX_COLLECTED) collection.push(request);
    }
    if (fresh.length > 0) await this.#options.onNew(fresh);
  }

  #markOf(node: string, bootId: string): { bootId: string; seq: number } {
    const known = this.#marks.get(node);
    if (known?.bootId === bootId) return known;
    const mark = { bootId, seq: 0 };
    this.#marks.set(node, mark);
    return mark;
  }

  /** Gathers the requests with an id from now on, of all nodes and sandboxes. */
  collect(id: string): Collection {
    const requests: RequestView[] = [];
    this.#collections.set(id, requests);
    return { requests, end: () => void this.#collections.delete(id) };
  }

  get collecting(): number {
    return this.#collections.size;
  }
}

function isRequest(value: unknown): value is EdgeRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { seq, at, id, entry, method, path, status, durationMs, target } = value as Partial<Record<keyof EdgeRequest, unknown>>;
  return (
    Number.isSafeInteger(seq) &&
    typeof at === 'string' &&
    !Number.isNaN(Date.parse(at)) &&
    [id, entry, method, path].every((text) => typeof text === 'string' && text.length <= LONGEST) &&
    [status, durationMs].every((number) => typeof number === 'number') &&
    typeof target === 'object' &&
    target !== null
  );
}
