/** WebSocket upgrades: agents with a node token, people's clients with a login. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { SdpError } from '#schema/errors';
import { STREAM_PATH } from '#schema/stream';
import { AGENT_PATH, MAX_MESSAGE_BYTES } from '#schema/wire/messages';
import type { RecordStore } from '#specs/store';
import type { Authenticate } from '../auth/authenticate.ts';
import { bearerOf, hashToken } from '../auth/tokens.ts';
import type { Hub } from '../hub/hub.ts';
import { filterOf } from '../stream/filter.ts';
import type { Stream } from '../stream/stream.ts';
import { describeError, type Logger } from './logger.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

export interface UpgradeOptions {
  hub: Hub;
  stream: Stream;
  store: Pick<RecordStore, 'nodeOfToken'>;
  authenticate: Authenticate;
  log: Logger;
}

/** Bytes of a message from a people's client, which has nothing to say. */
const MAX_CLIENT_MESSAGE = 4 * 1024;

export class Upgrades {
  readonly #options: UpgradeOptions;
  readonly #agents = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  readonly #people = new WebSocketServer({ noServer: true, maxPayload: MAX_CLIENT_MESSAGE, perMessageDeflate: false });

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  /** Handles `upgrade` of an http server. */
  readonly handle = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    this.#route(request, socket, head).catch((thrown: unknown) => this.#refuse(socket, thrown));
  };

  async #route(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://server');
    if (url.pathname === AGENT_PATH) return this.#agent(request, socket, head);
    if (url.pathname !== STREAM_PATH) throw new SdpError('not_found', 'There is no WebSocket at this path.');
    await this.#options.authenticate(request);
    const filter = filterOf(url.searchParams);
    if (socket.destroyed) return;
    this.#people.handleUpgrade(request, socket, head, (client) => this.#options.stream.accept(client, filter));
  }

  async #agent(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const token = bearerOf(request.headers.authorization);
    const node = token === undefined ? undefined : await this.#options.store.nodeOfToken(hashToken(token));
    if (node === undefined) {
      this.#options.log.warn('agent refused', { reason: 'unknown token', from: request.socket.remoteAddress });
      throw new SdpError('unauthenticated', 'The node token is unknown.', { hint: 'Make one with `sdp nodes token NAME`.' });
    }
    if (socket.destroyed) return;
    this.#agents.handleUpgrade(request, socket, head, (agent) => this.#options.hub.accept(agent, node));
  }

  #refuse(socket: Duplex, thrown: unknown): void {
    const error = thrown instanceof SdpError ? thrown : new SdpError('internal', 'The connection could not be opened.');
    if (error.code === 'internal') this.#options.log.error('upgrade failed', { error: describeError(thrown) });
    const problem = problemOf(error);
    const body = JSON.stringify(problem);
    socket.end(
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\nConnection: close\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
}
