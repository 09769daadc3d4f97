/** One agent's connection: messages in order, one after the other; bounded both ways. */
import type { RawData, WebSocket } from 'ws';
import { SdpError } from '#schema/errors';
import type { AgentMessage, ServerMessage } from '#schema/wire/messages';
import { describeError, type Logger } from '../http/logger.ts';

export interface SessionOptions {
  /** Node that the connection's token belongs to. */
  tokenNode: string;
  heartbeatMs: number;
  log: Logger;
  /** Handles one message; the next waits for it. A throw ends the session. */
  onMessage(session: AgentSession, message: AgentMessage): Promise<void>;
  onClose(session: AgentSession, reason: string): void;
}

/** An agent is offline after so many missed heartbeats. */
const MISSED = 3;
/** Messages that wait to be handled before reading stops. */
const MAX_INBOX = 256;
/** Bytes that wait to be sent to a stalled agent. */
const MAX_OUTBOX_BYTES = 64 * 1024 * 1024;

export class AgentSession {
  readonly tokenNode: string;
  readonly #socket: WebSocket;
  readonly #options: SessionOptions;
  readonly #timer: NodeJS.Timeout;
  #inbox: Promise<void> = Promise.resolve();
  #waiting = 0;
  #lastHeard = performance.now();
  #ended = false;
  /** Name from `hello`; undefined before. */
  node: string | undefined;
  bootId: string | undefined;
  #reason = 'the connection closed';

  constructor(socket: WebSocket, options: SessionOptions) {
    this.tokenNode = options.tokenNode;
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (data, binary) => this.#receive(data, binary));
    socket.on('pong', () => (this.#lastHeard = performance.now()));
    socket.on('error', (error) => (this.#reason = error.message));
    socket.on('close', () => this.#finish());
    this.#timer = setInterval(() => this.#beat(), options.heartbeatMs);
    this.#timer.unref();
  }

  get ended(): boolean {
    return this.#ended;
  }

  #beat(): void {
    if (performance.now() - this.#lastHeard > MISSED * this.#options.heartbeatMs) {
      this.end(`no sign of life for ${MISSED} heartbeats`);
      return;
    }
    this.send({ type: 'heartbeat', at: new Date().toISOString() });
  }

  #receive(data: RawData, binary: boolean): void {
    this.#lastHeard = performance.now();
    if (this.#ended) return;
    let message: AgentMessage;
    try {
      if (binary) throw new Error('binary frame');
      message = JSON.parse(String(data)) as AgentMessage;
      if (typeof message !== 'object' || message === null || typeof message.type !== 'string') throw new Error('no type');
    } catch {
      this.end('it sent something that is not a message of the protocol');
      return;
    }
    this.#waiting += 1;
    if (this.#waiting > MAX_INBOX) this.#socket.pause();
    this.#inbox = this.#inbox.then(() => this.#handle(message));
  }

  async #handle(message: AgentMessage): Promise<void> {
    try {
      if (!this.#ended) await this.#options.onMessage(this, message);
    } catch (thrown) {
      const error = SdpError.from(thrown);
      if (error.code === 'internal') {
        this.#options.log.error('agent message failed', { node: this.tokenNode, type: message.type, error: describeError(thrown) });
      }
      // After the welcome the connection just ends: the agent comes back with a full report.
      if (this.node === undefined) this.refuse(error);
      else this.end(error.message);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === MAX_INBOX / 2 && !this.#ended) this.#socket.resume();
    }
  }

  /** Returns false when the session is over. */
  send(message: ServerMessage): boolean {
    if (this.#ended || this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount > MAX_OUTBOX_BYTES) {
      this.end('it reads nothing any more');
      return false;
    }
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Says why and closes. */
  refuse(error: SdpError): void {
    this.send({ type: 'refused', error: error.toBody() });
    if (this.#ended) return;
    this.#reason = error.message;
    this.#socket.close(1008, error.code);
    this.#finish();
  }

  /** Ends at once; `onClose` is called before this returns. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#reason = reason;
    this.#socket.terminate();
    this.#finish();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    // A refused peer that does not close within a second is cut off.
    setTimeout(() => this.#socket.terminate(), 1_000).unref();
    this.#options.onClose(this, this.#reason);
  }
}
