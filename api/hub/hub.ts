/** The agents' side of the control plane: sessions, reports, commands. Implements `Fleet` (B3, DESIGN 6). */
import type { WebSocket } from 'ws';
import { SdpError } from '#schema/errors';
import type { NodeView } from '#schema/http';
import type { Command, Credentials } from '#schema/wire/commands';
import {
  MAX_MESSAGE_BYTES,
  PROTOCOL_VERSION,
  type AgentMessage,
  type DeltaReport,
  type FullReport,
  type Hello,
  type JournalMessage,
} from '#schema/wire/messages';
import type { RequestsMessage } from '#schema/wire/requests';
import type { Clock, Fleet, FleetNode } from '#reconciler/contract';
import type { RecordStore } from '#specs/store';
import type { Logger } from '../http/logger.ts';
import { AgentSession } from './agent-session.ts';
import { edgeOwnerOf } from './edge-owner.ts';
import { applyDelta, concerned } from './node-state.ts';
import { nodeView } from './node-view.ts';
import { PendingCommands } from './pending-commands.ts';
import { withoutCredentials } from './without-credentials.ts';

export interface HubOptions {
  store: Pick<RecordStore, 'putNode' | 'nodes' | 'forgetNode' | 'setting' | 'putSetting'>;
  journal: { take(node: string, message: JournalMessage): Promise<number> };
  /** Takes what edges saw; never rejects for what an agent says. */
  requests: { take(node: string, message: RequestsMessage): Promise<void> };
  installation: string;
  epoch: number;
  /** Shared by all edges of the installation. */
  edgeSecret: string;
  heartbeatSeconds: number;
  clock: Clock;
  log: Logger;
  /** The git server refused these: a stored login that equals them is worth nothing any more. */
  onRefusedCredentials(credentials: Credentials): void;
  onNode(node: NodeView): void;
}

interface Known {
  node: FleetNode;
  session?: AgentSession;
}

const byName = (a: FleetNode, b: FleetNode): number => (a.hello.node.name < b.hello.node.name ? -1 : 1);
const helloKey = (node: string): string => `node-hello:${node}`;

export class Hub implements Fleet {
  readonly #options: HubOptions;
  readonly #known = new Map<string, Known>();
  readonly #sessions = new Set<AgentSession>();
  readonly #pending = new PendingCommands();
  readonly #listeners = new Set<(uids: readonly string[] | 'all') => void>();

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** Reads the nodes of earlier lives: silent ones are known, not absent (invariant 7). */
  async load(): Promise<void> {
    for (const record of await this.#options.store.nodes()) {
      const saved = await this.#options.store.setting(helloKey(record.name));
      if (saved === undefined || saved === '') continue;
      const hello = JSON.parse(saved) as Hello;
      this.#known.set(record.name, { node: { hello, online: false, lastSeenAt: record.lastSeenAt, reportNumber: 0 } });
    }
  }

  nodes(): readonly FleetNode[] {
    return [...this.#known.values()].map((known) => known.node).sort(byName);
  }

  get pendingCommands(): number {
    return this.#pending.size;
  }

  onChange(listener: (uids: readonly string[] | 'all') => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #changed(uids: readonly string[] | 'all'): void {
    if (uids !== 'all' && uids.length === 0) return;
    for (const listener of this.#listeners) listener(uids);
  }

  readonly send: Fleet['send'] = (node, command) => this.#send(node, command) as Promise<never>;

  async #send(node: string, order: Command): Promise<unknown> {
    const under = this.#pending.find(node, order.id);
    if (under !== undefined) return under;
    const known = this.#known.get(node);
    if (known?.session === undefined || !known.node.online) throw this.#offline(node, known);
    if (JSON.stringify(order).length * 2 > MAX_MESSAGE_BYTES && Buffer.byteLength(JSON.stringify(order)) > MAX_MESSAGE_BYTES) {
      throw new SdpError('value_too_large', `The command "${order.type}" for ${node} is larger than 8 MiB.`, {
        hint: 'Make the files of its environments smaller.',
      });
    }
    const answer = this.#pending.add(node, order, this.#options.clock.now(), () => {
      this.cancel(node, order.id, 'its deadline passed');
    });
    // Sending may end the session, which rejects the answer.
    if (!known.session.send({ type: 'command', command: order })) this.#pending.rejectNode(node, 'the connection is closed');
    try {
      return await answer;
    } catch (thrown) {
      this.#noteRefusal(order, thrown);
      throw withoutCredentials(order, thrown);
    }
  }

  #noteRefusal(command: Command, thrown: unknown): void {
    if (!('credentials' in command) || command.credentials === undefined) return;
    if (thrown instanceof SdpError && (thrown.code === 'git_auth' || thrown.code === 'bad_credentials')) {
      this.#options.onRefusedCredentials(command.credentials);
    }
  }

  #offline(node: string, known: Known | undefined): SdpError {
    if (known === undefined) {
      return new SdpError('node_offline', `No agent named "${node}" ever connected.`, { hint: 'See `sdp nodes`.' });
    }
    return new SdpError('node_offline', `${node} is offline since ${known.node.lastSeenAt}.`, {
      hint: `Check that the agent on ${node} runs and reaches this server.`,
    });
  }

  cancel(node: string, commandId: string, reason: string): void {
    this.#known.get(node)?.session?.send({ type: 'cancel', commandId, reason });
  }

  /**
   * Forgets a lost node deliberately (invariant 11).
   * @throws SdpError not_found, invalid_request while it is online
   */
  async forget(name: string): Promise<void> {
    const known = this.#known.get(name);
    const recorded = (await this.#options.store.nodes()).some((record) => record.name === name);
    if (known === undefined && !recorded) throw new SdpError('not_found', `There is no node "${name}".`);
    if (known?.session !== undefined) {
      throw new SdpError('invalid_request', `${name} is online; only a lost node can be forgotten.`, {
        hint: `Stop the agent on ${name} first.`,
      });
    }
    await this.#options.store.forgetNode(name);
    await this.#options.store.putSetting(helloKey(name), '');
    this.#known.delete(name);
    // Agents learn at their hello who runs the edge: those on the same engine say hello again.
    const engine = known?.node.hello.engine.id;
    for (const other of this.#known.values()) {
      if (other.node.hello.engine.id === engine) other.session?.end(`${name} was forgotten`);
    }
    this.#changed('all');
  }

  /** A connection whose token was checked. */
  accept(socket: WebSocket, tokenNode: string): void {
    const session = new AgentSession(socket, {
      tokenNode,
      heartbeatMs: this.#options.heartbeatSeconds * 1000,
      log: this.#options.log,
      onMessage: (from, message) => this.#onMessage(from, message),
      onClose: (from, reason) => this.#onClose(from, reason),
    });
    this.#sessions.add(session);
  }

  async #onMessage(session: AgentSession, message: AgentMessage): Promise<void> {
    if (message.type === 'hello') return this.#onHello(session, message);
    const known = session.node === undefined ? undefined : this.#known.get(session.node);
    if (session.node === undefined || known?.session !== session) {
      throw new SdpError('invalid_request', `"${message.type}" came before "hello".`);
    }
    known.node = { ...known.node, lastSeenAt: this.#now() };
    switch (message.type) {
      case 'report':
        return this.#onReport(known, message);
      case 'delta':
        return this.#onDelta(known, message);
      case 'result':
        if (!this.#pending.settle(session.node, message)) {
          this.#options.log.info('late result', { node: session.node, command: message.command });
        }
        return;
      case 'journal': {
        const seq = await this.#options.journal.take(session.node, message);
        session.send({ type: 'ack', bootId: message.bootId, seq });
        return;
      }
      case 'requests':
        return this.#options.requests.take(session.node, message);
      case 'heartbeat':
        return;
      default:
        // A newer agent may say more: within one release of skew that is no error.
        this.#options.log.warn('unknown message', { node: session.node });
    }
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }

  async #onHello(session: AgentSession, hello: Hello): Promise<void> {
    if (session.node !== undefined) throw new SdpError('invalid_request', '"hello" came twice.');
    if (Math.abs(hello.protocol - PROTOCOL_VERSION) > 1) {
      const older = hello.protocol < PROTOCOL_VERSION ? 'agent' : 'server';
      throw new SdpError(
        'protocol_skew',
        `The agent on ${session.tokenNode} (${hello.agentVersion}) speaks protocol ${hello.protocol}, this server ${PROTOCOL_VERSION}.`,
        { hint: `Upgrade the ${older}: at most one release may lie between them.` },
      );
    }
    const { name, type, address } = hello.node;
    if (name !== session.tokenNode) {
      throw new SdpError('forbidden', `This token belongs to node "${session.tokenNode}", but the agent calls itself "${name}".`, {
        hint: `Set node.name, or make a token with \`sdp nodes token ${name}\`.`,
      });
    }
    const { store, installation, epoch, edgeSecret, heartbeatSeconds, log } = this.#options;
    const lastSeenAt = this.#now();
    await store.putNode({ name, type, address, engine: hello.engine.id, lastSeenAt });
    await store.putSetting(helloKey(name), JSON.stringify(hello));
    const owner = await edgeOwnerOf(store, hello.engine.id);
    if (session.ended) return;

    const former = this.#known.get(name);
    former?.session?.end('a newer session of the same node took its place');
    session.node = name;
    session.bootId = hello.bootId;
    const state = this.#known.get(name)?.node.state;
    const node: FleetNode = { hello, online: false, lastSeenAt, reportNumber: 0, ...(state === undefined ? {} : { state }) };
    this.#known.set(name, { node, session });
    session.send({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      installation,
      epoch,
      heartbeatSeconds,
      edgeSecret,
      edgeOwner: owner === name,
    });
    log.info('agent said hello', { node: name, version: hello.agentVersion });
  }

  #onReport(known: Known, report: FullReport): void {
    const first = !known.node.online;
    if (!first && report.number <= known.node.reportNumber) return;
    const before = known.node.state;
    known.node = { ...known.node, online: true, state: report.state, reportNumber: report.number };
    if (first) this.#options.log.info('agent online', { node: known.node.hello.node.name });
    this.#changed(first ? 'all' : concerned(before, report.state));
    this.#options.onNode(nodeView(known.node));
  }

  #onDelta(known: Known, report: DeltaReport): void {
    const before = known.node.state;
    if (!known.node.online || before === undefined) throw new SdpError('invalid_request', 'A delta came before the full report.');
    if (report.number <= known.node.reportNumber) return;
    if (report.number !== known.node.reportNumber + 1) {
      // Something between is missing; a new session begins with a full report.
      throw new SdpError('invalid_request', `Report ${known.node.reportNumber + 1} is missing.`);
    }
    const state = applyDelta(before, report.delta);
    known.node = { ...known.node, state, reportNumber: report.number };
    this.#changed(concerned(before, state));
    this.#options.onNode(nodeView(known.node));
  }

  #onClose(session: AgentSession, reason: string): void {
    this.#sessions.delete(session);
    const known = session.node === undefined ? undefined : this.#known.get(session.node);
    if (session.node === undefined || known?.session !== session) {
      this.#options.log.warn('agent refused', { node: session.tokenNode, reason });
      return;
    }
    const { session: _ended, ...rest } = known;
    this.#known.set(session.node, { ...rest, node: { ...known.node, online: false } });
    this.#options.log.warn('agent offline', { node: session.node, reason });
    this.#pending.rejectNode(session.node, reason);
    void this.#recordLastSeen({ ...known.node });
    this.#changed('all');
    this.#options.onNode(nodeView({ ...known.node, online: false }));
  }

  async #recordLastSeen({ hello, lastSeenAt }: FleetNode): Promise<void> {
    const { name, type, address } = hello.node;
    try {
      await this.#options.store.putNode({ name, type, address, engine: hello.engine.id, lastSeenAt });
    } catch (thrown) {
      this.#options.log.warn('last sign of life not recorded', { node: name, error: String(thrown) });
    }
  }

  /** Ends all sessions; agents keep what runs and come back. */
  close(): void {
    for (const session of [...this.#sessions]) session.end('the control plane stops');
  }
}
