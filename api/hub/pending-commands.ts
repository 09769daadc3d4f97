/** Commands on their way: each ends with its result, its deadline, or its session. */
import { SdpError } from '#schema/errors';
import type { Command } from '#schema/wire/commands';
import type { CommandResult } from '#schema/wire/messages';

interface Pending {
  node: string;
  type: Command['type'];
  promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: SdpError): void;
  timer: NodeJS.Timeout;
}

/** Milliseconds that an agent has, after a deadline, to say so itself. */
const GRACE_MS = 2_000;

/** Equal orders to two nodes (take the routes away, remove the network) have one id: the node belongs to the key. */
const keyOf = (node: string, id: string): string => `${node} ${id}`;

export class PendingCommands {
  readonly #pending = new Map<string, Pending>();

  get size(): number {
    return this.#pending.size;
  }

  /** The promise of a command that is under way already: a repeated delivery has one effect. */
  find(node: string, id: string): Promise<unknown> | undefined {
    return this.#pending.get(keyOf(node, id))?.promise;
  }

  /** @param onDeadline called when the deadline passes without an answer */
  add(node: string, command: Command, now: number, onDeadline: () => void): Promise<unknown> {
    let resolve: (value: unknown) => void = () => undefined;
    let reject: (error: SdpError) => void = () => undefined;
    const promise = new Promise<unknown>((ok, fail) => {
      resolve = ok;
      reject = fail;
    });
    const key = keyOf(node, command.id);
    const wait = Math.min(Math.max(0, Date.parse(command.deadline) - now) + GRACE_MS, 2 ** 31 - 1);
    const timer = setTimeout(() => {
      this.#pending.delete(key);
      onDeadline();
      reject(
        new SdpError('deadline_exceeded', `${node} did not end "${command.type}" in time.`, {
          hint: `Look at the agent's own log on ${node}.`,
        }),
      );
    }, wait);
    timer.unref();
    this.#pending.set(key, { node, type: command.type, promise, resolve, reject, timer });
    return promise;
  }

  #take(key: string): Pending | undefined {
    const pending = this.#pending.get(key);
    if (pending === undefined) return undefined;
    clearTimeout(pending.timer);
    this.#pending.delete(key);
    return pending;
  }

  /** Returns false for a result that nobody waits for any more. */
  settle(node: string, result: CommandResult): boolean {
    const pending = this.#take(keyOf(node, result.commandId));
    if (pending === undefined) return false;
    if (result.ok) pending.resolve(result.value);
    else pending.reject(SdpError.fromBody(result.error));
    return true;
  }

  /** The session ended: whether the commands had an effect, the next report shows. */
  rejectNode(node: string, reason: string): void {
    for (const [key, pending] of [...this.#pending]) {
      if (pending.node !== node) continue;
      this.#take(key)?.reject(
        new SdpError('node_offline', `The session with ${node} ended during "${pending.type}": ${reason}.`, {
          hint: `Check that the agent on ${node} runs and reaches this server.`,
        }),
      );
    }
  }
}
