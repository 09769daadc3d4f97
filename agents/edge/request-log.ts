/**
 * Reads the requests that HAProxy remembers, as they end, and hands them out in batches. A worker that was replaced by a
 * reload is read until it has no connection left. Nothing of ours stands in a request's way: HAProxy never waits for it.
 */
import type { Socket } from 'node:net';
import { eachLine } from './each-line.ts';
import { readNoted, writeNoted } from './files.ts';
import { REQUESTS_RING } from './log-line.ts';
import type { EdgePaths } from './paths.ts';
import { parseLine, type NotedRequest } from './request-entry.ts';
import { RequestMemory } from './request-memory.ts';
import { connectTo } from './socket-path.ts';
import { oldWorkers } from './workers.ts';

export type RequestListener = (requests: NotedRequest[], missed: number) => void;

const BATCH_MS = 50;
/** More than this go out at once. */
const BATCH_SIZE = 1_000;
const RECONNECT_MS = 300;
const FORMER_LOOK_MS = 2_000;
const KEEP_MS = 2_000;

export class RequestLog {
  private readonly listeners = new Set<RequestListener>();
  private batch: NotedRequest[] = [];
  private missed = 0;
  private memory: RequestMemory | undefined;
  private current: Socket | undefined;
  private readonly former = new Map<number, Socket>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private open = false;
  private changed = false;

  constructor(private readonly paths: EdgePaths) {}

  /** Reading begins with the first listener. */
  subscribe(listener: RequestListener): () => void {
    this.listeners.add(listener);
    if (!this.open) {
      this.open = true;
      this.later('connect', 0, () => void this.connect());
    }
    return () => void this.listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.open = false;
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    for (const socket of [this.current, ...this.former.values()]) socket?.destroy();
    this.flush();
    await this.keep();
  }

  private later(name: string, ms: number, work: () => void): void {
    if (this.timers.has(name)) return;
    const timer = setTimeout(() => {
      this.timers.delete(name);
      work();
    }, ms);
    timer.unref();
    this.timers.set(name, timer);
  }

  private reconnect(): void {
    if (this.open) this.later('connect', RECONNECT_MS, () => void this.connect());
  }

  private async connect(): Promise<void> {
    const kept = this.memory?.keep() ?? (await readNoted(this.paths));
    let socket: Socket;
    try {
      socket = await connectTo(this.paths.socket);
    } catch {
      // No HAProxy, or none yet: the edge's own state says so.
      this.reconnect();
      return;
    }
    if (!this.open) return void socket.destroy();
    this.current = socket;
    let memory: RequestMemory | undefined;
    let head = '';
    const take = (line: string): void => {
      if (memory !== undefined) return this.take(line, memory, () => this.becomeFormer(socket, memory));
      if (line !== '') return void (head += `${line}\n`);
      const value = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(head)?.[1] ?? '';
      const worker = `${value('Pid')}@${value('Start_time_sec')}`;
      // Between two workers of a reload the old one may still answer, which is read already.
      if (this.former.has(Number(value('Pid')))) return void socket.destroy();
      memory = this.memory?.worker === worker ? this.memory : new RequestMemory(worker, kept);
      memory.again();
      this.memory = memory;
    };
    eachLine(socket, take, () => {
      if (this.current !== socket) return;
      this.current = undefined;
      this.reconnect();
    });
    socket.write(`show info;show events ${REQUESTS_RING} -w\n`);
  }

  private take(line: string, memory: RequestMemory, onReplaced: () => void): void {
    const noted = parseLine(line);
    if (noted !== undefined) {
      if (memory.isNew(noted)) this.batch.push(noted.request);
      this.missed += memory.missed;
      memory.missed = 0;
    } else if (/^Proxy \S+ stopped/.test(line)) {
      onReplaced();
      return;
    } else {
      this.missed += missedIn(line);
    }
    if (this.batch.length >= BATCH_SIZE) this.flush();
    else if (this.batch.length > 0 || this.missed > 0) this.later('flush', BATCH_MS, () => this.flush());
  }

  private flush(): void {
    const { batch, missed } = this;
    if (batch.length === 0 && missed === 0) return;
    this.batch = [];
    this.missed = 0;
    for (const listener of this.listeners) listener(batch, missed);
    this.changed = true;
    if (this.open) this.later('keep', KEEP_MS, () => void this.keep());
  }

  /** A memory only: without it some requests are handed out twice after a new start. */
  private async keep(): Promise<void> {
    if (!this.changed || this.memory === undefined) return;
    this.changed = false;
    await writeNoted(this.paths, this.memory.keep()).catch(() => undefined);
  }

  /** The worker was replaced: it is read on, and so is its successor. */
  private becomeFormer(socket: Socket, memory: RequestMemory | undefined): void {
    if (this.current !== socket || memory === undefined) return;
    this.current = undefined;
    const pid = Number(memory.worker.split('@')[0]);
    this.former.set(pid, socket);
    socket.once('close', () => this.former.delete(pid));
    this.reconnect();
    this.later('former', FORMER_LOOK_MS, () => void this.lookAtFormer());
  }

  /** A worker does not end while somebody reads it. */
  private async lookAtFormer(): Promise<void> {
    if (this.former.size === 0) return;
    const alive = await oldWorkers(this.paths.socket).catch(() => undefined);
    for (const [pid, socket] of this.former) {
      if (alive === undefined) break;
      const worker = alive.find((each) => each.pid === pid);
      const info = await worker?.socket.ask('show info').catch(() => undefined);
      if (worker === undefined || (info !== undefined && /^CurrConns: 0$/m.test(info))) socket.destroy();
    }
    if (this.open) this.later('former', FORMER_LOOK_MS, () => void this.lookAtFormer());
  }
}

/** What HAProxy says when nobody read fast enough; and a line of ours that was cut. */
export function missedIn(line: string): number {
  const dropped = /(?:^|\s)(\d+) events? dropped/.exec(line)?.[1];
  if (dropped !== undefined) return Number(dropped);
  return line.startsWith('R1 ') ? 1 : 0;
}
