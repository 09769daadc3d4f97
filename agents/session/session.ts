/**
 * The connection that the agent opens to the control plane, for as long as the agent lives: connect, hello,
 * welcome, work, and again after a loss. Transport only; what a message means is its owner's matter.
 */
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import { SdpError } from '#schema/errors';
import { AGENT_PATH, MAX_MESSAGE_BYTES, type AgentMessage, type Hello, type ServerMessage, type Welcome } from '#schema/wire/messages';
import type { AgentConfig } from '../contract.ts';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
/** A server that says nothing for this many heartbeats is gone. */
const MISSED_HEARTBEATS = 3;

/** How long to wait before the n-th attempt in a row, from 0: doubles to 10 s, with jitter of a half. */
export function reconnectDelay(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return full / 2 + (full / 2) * random();
}

export interface SessionOwner {
  hello(): Promise<Hello>;
  /** The session is up. @param backlog bytes that are sent and not taken by the network yet */
  welcomed(welcome: Welcome, send: (message: AgentMessage) => void, backlog: () => number): void;
  received(message: ServerMessage): void;
  lost(): void;
  log(line: string): void;
}

export class Session {
  private socket: WebSocket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private attempt = 0;

  constructor(
    private readonly config: AgentConfig['controlPlane'],
    private readonly owner: SessionOwner,
  ) {}

  start(): void {
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket?.close(1000, 'agent is stopping');
  }

  private async connect(): Promise<void> {
    try {
      const [hello, token, ca] = await Promise.all([
        this.owner.hello(),
        readFile(this.config.tokenFile, 'utf8'),
        this.config.caFile === undefined ? undefined : readFile(this.config.caFile),
      ]);
      if (!this.stopped) this.open(hello, token.trim(), ca);
    } catch (error) {
      this.again(SdpError.from(error).message);
    }
  }

  private open(hello: Hello, token: string, ca: Buffer | undefined): void {
    const socket = new WebSocket(new URL(AGENT_PATH, this.config.url), {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: 10_000,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      ...(ca === undefined ? {} : { ca }),
    });
    this.socket = socket;
    let problem = 'the connection ended';
    let silence: NodeJS.Timeout | undefined;
    let beat: NodeJS.Timeout | undefined;
    let up = false;
    let patienceMs = 30_000;
    const alive = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.terminate(), patienceMs);
    };
    const send = (message: AgentMessage): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    };
    socket.on('open', () => {
      alive();
      send(hello);
    });
    socket.on('message', (data) => {
      alive();
      const message = JSON.parse(String(data)) as ServerMessage;
      if (message.type === 'refused') {
        problem = SdpError.fromBody(message.error).message;
      } else if (message.type === 'welcome') {
        up = true;
        this.attempt = 0;
        patienceMs = message.heartbeatSeconds * 1000 * MISSED_HEARTBEATS;
        beat = setInterval(() => send({ type: 'heartbeat', at: new Date().toISOString() }), message.heartbeatSeconds * 1000);
        this.owner.welcomed(message, send, () => socket.bufferedAmount);
      } else if (up && message.type !== 'heartbeat') {
        this.owner.received(message);
      }
    });
    socket.on('unexpected-response', (_request, response) => {
      problem = response.statusCode === 401 ? 'the node token is not accepted; make a new one with `sdp nodes token`' : `the server answered ${String(response.statusCode)}`;
      socket.terminate();
    });
    socket.on('error', (error) => {
      problem = error.message;
    });
    socket.on('close', () => {
      clearTimeout(silence);
      clearInterval(beat);
      this.socket = undefined;
      if (up) this.owner.lost();
      this.again(problem);
    });
  }

  private again(problem: string): void {
    if (this.stopped) return;
    const delay = reconnectDelay(this.attempt++);
    if (this.attempt === 1 || this.attempt % 10 === 0) {
      this.owner.log(`No session with ${this.config.url}: ${problem}. Trying again.`);
    }
    this.timer = setTimeout(() => void this.connect(), delay);
  }
}
