/** One WebSocket to the live stream: comes back by itself, by sequence, and says when it cannot. */
import { STREAM_PATH, type StreamEvent, type StreamFilter, type StreamMessage } from '#schema/stream';

export type Connection = 'connecting' | 'live' | 'lost';

/** What this needs of a WebSocket; the browser's is one. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

export interface StreamClientOptions {
  /** Opens a socket; the argument is path and query. */
  open(path: string): Socket;
  onEvent(event: StreamEvent): void;
  /** Events are missing: read the state anew. `restarted` when the server began a new life. */
  onGap(restarted: boolean): void;
  onConnection(connection: Connection): void;
  setTimer?(run: () => void, ms: number): unknown;
  clearTimer?(timer: unknown): void;
  random?(): number;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;

export class StreamClient {
  readonly #options: StreamClientOptions;
  #filter: Pick<StreamFilter, 'sandbox' | 'logs'>;
  #since: number | undefined;
  #boot: string | undefined;
  #socket: Socket | undefined;
  #timer: unknown;
  #failures = 0;
  #closed = false;

  constructor(options: StreamClientOptions, filter: Pick<StreamFilter, 'sandbox' | 'logs'>, since: number | undefined) {
    this.#options = options;
    this.#filter = filter;
    this.#since = since;
  }

  start(): void {
    this.#closed = false;
    this.#options.onConnection('connecting');
    this.#connect();
  }

  /** Other events from now on, without missing any of those that both have. */
  follow(filter: Pick<StreamFilter, 'sandbox' | 'logs'>): void {
    if (filter.sandbox === this.#filter.sandbox && filter.logs === this.#filter.logs) return;
    const fewer = filter.sandbox === this.#filter.sandbox && filter.logs === undefined;
    this.#filter = filter;
    // A log that nobody looks at any more costs less than a new connection.
    if (!this.#closed && !fewer) this.#connect();
  }

  /** The tab is back or the network is: no reason to wait out the backoff. */
  retryNow(): void {
    if (this.#closed || this.#socket !== undefined) return;
    this.#connect();
  }

  stop(): void {
    this.#closed = true;
    this.#drop();
  }

  #drop(): void {
    (this.#options.clearTimer ?? ((timer) => clearTimeout(timer as number)))(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #connect(): void {
    this.#drop();
    const query = new URLSearchParams();
    if (this.#since !== undefined) query.set('since', String(this.#since));
    if (this.#boot !== undefined) query.set('boot', this.#boot);
    if (this.#filter.sandbox !== undefined) query.set('sandbox', this.#filter.sandbox);
    if (this.#filter.logs !== undefined) query.set('logs', this.#filter.logs);
    const socket = this.#options.open(`${STREAM_PATH}?${query.toString()}`);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as StreamMessage);
    socket.onclose = () => this.#retry();
  }

  #receive(message: StreamMessage): void {
    switch (message.type) {
      case 'hello':
        this.#failures = 0;
        this.#hello(message.boot, message.seq);
        return;
      case 'gap':
        this.#since = message.seq;
        this.#options.onGap(false);
        return;
      case 'event':
        if (this.#since !== undefined && message.event.seq <= this.#since && message.event.type !== 'log') return;
        this.#since = Math.max(this.#since ?? 0, message.event.seq);
        this.#options.onEvent(message.event);
    }
  }

  #hello(boot: string, seq: number): void {
    const restarted = this.#boot !== undefined && this.#boot !== boot;
    this.#boot = boot;
    if (restarted) this.#since = seq;
    else this.#since ??= seq;
    this.#options.onConnection('live');
    if (restarted) this.#options.onGap(true);
  }

  #retry(): void {
    this.#socket = undefined;
    this.#options.onConnection('lost');
    const wait =
      Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures) *
      (0.75 + 0.5 * (this.#options.random ?? Math.random)());
    this.#failures += 1;
    this.#timer = (this.#options.setTimer ?? setTimeout)(() => this.#connect(), wait);
  }
}
