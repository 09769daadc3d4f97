/** Test double of an agent: speaks the real protocol over a real WebSocket, and answers as its script says. */
import { WebSocket } from 'ws';
import type { ErrorBody } from '#schema/errors';
import type { Command } from '#schema/wire/commands';
import { AGENT_PATH, PROTOCOL_VERSION, type AgentMessage, type Hello, type JournalEntry, type ServerMessage } from '#schema/wire/messages';
import type { NodeState } from '#schema/wire/report';

export const emptyState = (): NodeState => ({
  repositories: [{ name: 'account', path: '/src/account', kind: 'go', buildHash: 'b1' }],
  containers: [],
  networks: [],
  images: [],
  edge: { owner: true, state: 'ready', routes: {}, foreignPorts: [] },
  memoryFreeBytes: 1e9,
  diskFreeBytes: 1e10,
});

export type Answer = { value: unknown } | { error: ErrorBody } | 'silence';

export class ScriptedAgent {
  readonly received: ServerMessage[] = [];
  readonly commands: Command[] = [];
  #socket: WebSocket | undefined;
  #number = 0;
  status: number | undefined;
  closed: Promise<void> = Promise.resolve();

  constructor(
    readonly url: string,
    readonly token: string,
    readonly script: (command: Command) => Answer = () => 'silence',
    readonly hello: Partial<Hello> = {},
    readonly name = 'micro-1',
  ) {}

  /** Connects and says hello; does not report yet. */
  async connect(): Promise<this> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}${AGENT_PATH}`, { headers: { authorization: `Bearer ${this.token}` } });
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
    socket.on('message', (data) => this.#onMessage(JSON.parse(String(data)) as ServerMessage));
    await new Promise<void>((resolve, reject) => {
      socket.on('open', () => resolve());
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        this.status = response.statusCode;
        reject(new Error(`status ${response.statusCode}`));
      });
    });
    this.say({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      node: { name: this.name, type: 'MICRO', address: '127.0.0.1' },
      bootId: 'boot-1',
      agentVersion: '0.1.0',
      engine: { id: 'engine-1', version: '20', apiVersion: '1.41', cpus: 2, memoryBytes: 1e9 },
      ports: { gateway: { from: 8080, to: 8999 }, service: { from: 9001, to: 9999 } },
      network: { pool: '10.213.0.0/16', prefix: 26 },
      ...this.hello,
    });
    return this;
  }

  /** Connects, and is online with a full report. */
  async online(state: NodeState = emptyState()): Promise<this> {
    await this.connect();
    await this.until(() => this.received.some((message) => message.type === 'welcome'));
    this.report(state);
    return this;
  }

  report(state: NodeState): void {
    this.say({ type: 'report', number: ++this.#number, at: new Date().toISOString(), state });
  }

  journal(entries: JournalEntry[], bootId = 'boot-1'): void {
    this.say({ type: 'journal', bootId, entries });
  }

  say(message: AgentMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  acked(): number {
    return Math.max(0, ...this.received.flatMap((message) => (message.type === 'ack' ? [message.seq] : [])));
  }

  #onMessage(message: ServerMessage): void {
    this.received.push(message);
    if (message.type !== 'command') return;
    const { command } = message;
    this.commands.push(command);
    const answer = this.script(command);
    if (answer === 'silence') return;
    const base = { type: 'result' as const, commandId: command.id, asOf: this.#number, command: command.type };
    this.say(('error' in answer ? { ...base, ok: false, error: answer.error } : { ...base, ok: true, value: answer.value }) as AgentMessage);
  }

  async until(condition: () => boolean, ms = 15_000): Promise<void> {
    const end = Date.now() + ms;
    while (!condition()) {
      if (Date.now() > end) throw new Error('the agent waited in vain');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  drop(): void {
    this.#socket?.terminate();
  }
}
