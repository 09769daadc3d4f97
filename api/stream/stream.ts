/** Live events for people's clients (E6). Implements `Announcer`. */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { slugOf } from '#schema/names';
import type { NodeView, RequestView } from '#schema/http';
import type { Deployment, DeploymentEvent, LogLine } from '#schema/records';
import type { SandboxStatus } from '#schema/status';
import type { StreamEvent, StreamFilter, StreamMessage } from '#schema/stream';
import type { Announcer, Clock } from '#reconciler/contract';
import type { Change } from '#specs/store';
import type { LogStore } from '../logs/log-store.ts';
import { wants } from './filter.ts';
import { Ring, type RingEntry } from './ring.ts';

type Body = StreamEvent extends infer E ? (E extends StreamEvent ? Omit<E, 'seq' | 'at'> : never) : never;

interface Client {
  socket: WebSocket;
  filter: StreamFilter;
  alive: boolean;
}

export interface StreamOptions {
  logs: LogStore;
  clock: Clock;
  /** Events kept for clients that come back. */
  keepEvents?: number;
  /** Bytes that may wait for one client before it is dropped. */
  maxClientBytes?: number;
  /** Milliseconds between pings; a client that answers none in between is dropped. */
  pingMs?: number;
}

const RING_BYTES = 16 * 1024 * 1024;

export class Stream implements Announcer {
  readonly boot = randomUUID();
  readonly #options: Required<StreamOptions>;
  readonly #events: Ring;
  readonly #logEvents: Ring;
  readonly #clients = new Set<Client>();
  readonly #timer: NodeJS.Timeout;
  #seq = 0;
  /** Clients that read too slowly, since the start. */
  droppedClients = 0;

  constructor(options: StreamOptions) {
    this.#options = { keepEvents: 5_000, maxClientBytes: 4 * 1024 * 1024, pingMs: 20_000, ...options };
    // Apart, so that a talkative build does not push out what others come back for.
    this.#events = new Ring(this.#options.keepEvents, RING_BYTES);
    this.#logEvents = new Ring(this.#options.keepEvents, RING_BYTES);
    this.#timer = setInterval(() => this.#ping(), this.#options.pingMs);
    this.#timer.unref();
  }

  /** Newest sequence: read it before the state that it goes with. */
  get seq(): number {
    return this.#seq;
  }

  get clients(): number {
    return this.#clients.size;
  }

  status(_sandbox: string, slug: string, status: SandboxStatus): void {
    this.#publish(slug, undefined, { type: 'status', sandbox: _sandbox, slug, status });
  }

  deployment(deployment: Deployment): void {
    this.#publish(slugOf(deployment.sandbox), undefined, { type: 'deployment', deployment });
  }

  deploymentEvent(sandbox: string, event: DeploymentEvent): void {
    this.#publish(slugOf(sandbox), undefined, { type: 'deployment-event', sandbox, event });
  }

  log(deploymentId: string, phase: 'FETCH' | 'DEPLOY', text: string): void {
    const at = new Date(this.#options.clock.now()).toISOString();
    this.logLines(deploymentId, this.#options.logs.append(deploymentId, [{ at, phase, text }]));
  }

  /** Lines that are in their file already. */
  logLines(deploymentId: string, lines: LogLine[]): void {
    if (lines.length > 0) this.#publish(undefined, deploymentId, { type: 'log', deploymentId, lines });
  }

  document(change: Change): void {
    const { kind, name, slug, resourceVersion } = change;
    const sandbox = kind === 'Sandbox' || kind === 'Route' ? slug : undefined;
    const body: Body = { type: 'document', kind, name, slug, change: change.gone ? 'deleted' : 'written', resourceVersion };
    this.#publish(sandbox, undefined, body);
  }

  node(node: NodeView): void {
    this.#publish(undefined, undefined, { type: 'node', node });
  }

  /** Slugs of the sandboxes whose requests somebody follows. */
  requestFollowers(): ReadonlySet<string> {
    const slugs = new Set<string>();
    for (const { filter } of this.#clients) if (filter.requests === true && filter.sandbox !== undefined) slugs.add(filter.sandbox);
    return slugs;
  }

  /** Only to those who follow them, and not kept: who comes back reads the list. @param left how many more there were */
  requests(slug: string, requests: RequestView[], left: number): void {
    const text = this.#next({ type: 'requests', slug, requests, left });
    for (const client of this.#clients) if (client.filter.requests === true && client.filter.sandbox === slug) this.#send(client, text);
  }

  #publish(sandbox: string | undefined, logs: string | undefined, body: Body): void {
    const text = this.#next(body);
    const entry: RingEntry = { seq: this.#seq, sandbox, logs, text };
    (logs === undefined ? this.#events : this.#logEvents).push(entry);
    for (const client of this.#clients) if (wants(client.filter, entry)) this.#send(client, entry.text);
  }

  /** The next event as it is sent. */
  #next(body: Body): string {
    this.#seq += 1;
    const event = { seq: this.#seq, at: new Date(this.#options.clock.now()).toISOString(), ...body } as StreamEvent;
    const message: StreamMessage = { type: 'event', event };
    return JSON.stringify(message);
  }

  #send(client: Client, text: string): void {
    if (client.socket.bufferedAmount + text.length > this.#options.maxClientBytes) {
      // It comes back with `since` and gets what it missed, or a gap; memory does not wait for it.
      this.droppedClients += 1;
      this.#clients.delete(client);
      client.socket.terminate();
      return;
    }
    client.socket.send(text);
  }

  #ping(): void {
    for (const client of [...this.#clients]) {
      if (!client.alive) {
        this.#clients.delete(client);
        client.socket.terminate();
        continue;
      }
      client.alive = false;
      client.socket.ping();
    }
  }

  /** A client whose login and origin were checked. */
  accept(socket: WebSocket, filter: StreamFilter): void {
    const client: Client = { socket, filter, alive: true };
    socket.on('pong', () => (client.alive = true));
    socket.on('message', () => (client.alive = true));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#clients.delete(client));
    this.#clients.add(client);
    this.#say(client, { type: 'hello', seq: this.#seq, boot: this.boot });
    if (filter.since === undefined) return;
    const missed = this.#missed(filter.since, filter);
    if (missed === undefined) this.#say(client, { type: 'gap', seq: this.#seq });
    else for (const entry of missed) this.#send(client, entry.text);
  }

  /** Nobody knows what changed: every client reads the state anew, those that come back too. */
  gap(): void {
    this.#seq += 1;
    this.#events.clear(this.#seq);
    for (const client of this.#clients) this.#say(client, { type: 'gap', seq: this.#seq });
  }

  #say(client: Client, message: StreamMessage): void {
    this.#send(client, JSON.stringify(message));
  }

  /** What a client missed, in order; undefined when it is gone, of another boot, or more than a client may buffer. */
  #missed(since: number, filter: StreamFilter): RingEntry[] | undefined {
    if ((filter.boot !== undefined && filter.boot !== this.boot) || since > this.#seq) return undefined;
    const events = this.#events.after(since);
    const logs = filter.logs === undefined ? [] : this.#logEvents.after(since);
    if (events === undefined || logs === undefined) return undefined;
    const entries = [...events, ...logs].filter((entry) => wants(filter, entry)).sort((a, b) => a.seq - b.seq);
    const bytes = entries.reduce((sum, entry) => sum + entry.text.length, 0);
    return bytes > this.#options.maxClientBytes / 2 ? undefined : entries;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const client of this.#clients) client.socket.close(1001, 'the server stops');
    this.#clients.clear();
  }
}
