/**
 * Carries out commands. Each runs once at a time under its id and its deadline; what it did is in a report
 * before its result goes out, so that the control plane never sees a result without its effect.
 */
import { SdpError } from '#schema/errors';
import type { Command, CommandOf, CommandResultOf, CommandType } from '#schema/wire/commands';
import type { CommandResult } from '#schema/wire/messages';

export type Handlers = {
  [T in CommandType]: (command: CommandOf<T>, signal: AbortSignal) => Promise<CommandResultOf[T]>;
};

/** Commands that only look: their results need no fresh report. */
const LOOKING: ReadonlySet<CommandType> = new Set(['login', 'branches', 'fetch', 'trace', 'doctor']);

/** What an executor needs of the node's reports. */
export interface Reports {
  /** Looks at the whole node and reports it. */
  refresh(): Promise<void>;
  /** Reports what the edge says of itself. */
  edgeChanged(): void;
  /** Number of the newest report. */
  readonly newest: number;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<CommandResult>;
}

export class Executor {
  private readonly running = new Map<string, Running>();
  private epoch = 0;

  constructor(
    private readonly handlers: Handlers,
    private readonly reports: Reports,
  ) {}

  /** The epoch of the control plane that this agent follows; older commands are refused from now on. */
  follow(epoch: number): void {
    this.epoch = Math.max(this.epoch, epoch);
  }

  /** A second delivery of a command that runs joins the first. Never rejects. */
  execute(command: Command): Promise<CommandResult> {
    const already = this.running.get(command.id);
    if (already !== undefined) return already.done;
    const abort = new AbortController();
    const done = this.carryOut(command, abort).finally(() => this.running.delete(command.id));
    this.running.set(command.id, { abort, done });
    return done;
  }

  cancel(commandId: string, reason: string): void {
    this.running.get(commandId)?.abort.abort(new SdpError('cancelled', reason));
  }

  /** Ends everything that runs and waits for it. */
  async stop(): Promise<void> {
    for (const { abort } of this.running.values()) abort.abort(new SdpError('cancelled', 'The agent is stopping.'));
    await Promise.all([...this.running.values()].map((entry) => entry.done));
  }

  private async carryOut(command: Command, abort: AbortController): Promise<CommandResult> {
    const left = Math.max(0, Date.parse(command.deadline) - Date.now());
    const timer = setTimeout(() => {
      abort.abort(new SdpError('deadline_exceeded', `The ${command.type} did not end by its deadline, ${command.deadline}.`));
    }, left);
    try {
      const value = await this.dispatch(command, abort.signal);
      await this.reportEffect(command.type);
      return { type: 'result', commandId: command.id, asOf: this.reports.newest, ok: true, command: command.type, value } as CommandResult;
    } catch (thrown) {
      const error = abort.signal.aborted ? SdpError.from(abort.signal.reason) : SdpError.from(thrown);
      await this.reportEffect(command.type);
      return { type: 'result', commandId: command.id, asOf: this.reports.newest, ok: false, command: command.type, error: error.toBody() };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Routes change nothing but the edge: a look at the engine would only hold up the next flip. */
  private async reportEffect(type: CommandType): Promise<void> {
    if (type === 'routes') this.reports.edgeChanged();
    else if (!LOOKING.has(type)) await this.reports.refresh();
  }

  private dispatch<T extends CommandType>(command: CommandOf<T>, signal: AbortSignal): Promise<CommandResultOf[T]> {
    if (command.epoch < this.epoch) {
      throw new SdpError('stale_epoch', 'A newer control plane has taken over; this command comes from the former one.');
    }
    const handler = this.handlers[command.type as T] as Handlers[T] | undefined;
    if (handler === undefined) throw new SdpError('protocol_skew', `This agent does not know the command "${String(command.type)}".`);
    return handler(command, signal);
  }
}
