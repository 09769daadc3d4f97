/**
 * Takes an agent's journal into log files and, event by event, to the reconciler, which stores and announces them:
 * in order, once (invariant 12). A crash at any point is repaired by the next delivery: files are cut back to the
 * size noted before the append, and the store keeps an event that comes again once.
 */
import type { DeploymentEvent, LogLine } from '#schema/records';
import type { JournalEntry, JournalMessage } from '#schema/wire/messages';
import type { Logger } from '../http/logger.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { JournalMarks, Mark } from './journal-marks.ts';

type EventEntry = Extract<JournalEntry, { kind: 'event' }>;
type LogEntry = Extract<JournalEntry, { kind: 'log' }>;

export interface JournalIntakeOptions {
  marks: JournalMarks;
  logs: LogStore;
  announcer: { logLines(deploymentId: string, lines: LogLine[]): void };
  /** Stores, announces and follows one event; repeated ones have no effect. */
  onPipelineEvent(event: DeploymentEvent): Promise<void>;
  log: Logger;
}

const isEvent = (entry: JournalEntry): entry is EventEntry => entry.kind === 'event';
const isLog = (entry: JournalEntry): entry is LogEntry => entry.kind === 'log';

function toEvent(entry: EventEntry, node: string): DeploymentEvent {
  const { deploymentId, event, at, message, durationMs, error } = entry;
  return {
    deploymentId,
    event,
    at,
    node,
    ...(message === undefined ? {} : { message }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(error === undefined ? {} : { error }),
  };
}

export class JournalIntake {
  readonly #options: JournalIntakeOptions;
  entries = 0;

  constructor(options: JournalIntakeOptions) {
    this.#options = options;
  }

  /**
   * Stores a message's entries that are new and answers the seq up to which all are stored.
   * @throws whatever store or disk threw: nothing is acknowledged then, and the agent sends it again
   */
  async take(node: string, message: JournalMessage): Promise<number> {
    const { marks } = this.#options;
    const entries = [...message.entries].sort((a, b) => a.seq - b.seq);
    const mark = this.#repair(node, message.bootId);
    // After a failure logs may be further than events: only what is complete is acknowledged.
    const last = Math.max(mark.eventSeq, entries.at(-1)?.seq ?? 0);
    const logSeq = Math.max(mark.logSeq, last);
    const first = entries[0]?.seq ?? 0;
    if (first > mark.eventSeq + 1) this.#options.log.warn('journal gap', { node, expected: mark.eventSeq + 1, got: first });

    const lines = this.#appendLogs(node, message.bootId, mark, entries.filter(isLog).filter((entry) => entry.seq > mark.logSeq), logSeq);
    for (const entry of entries) {
      const written = lines.get(entry.seq);
      if (written !== undefined) this.#options.announcer.logLines(written.deploymentId, written.lines);
      if (!isEvent(entry) || entry.seq <= mark.eventSeq) continue;
      await this.#options.onPipelineEvent(toEvent(entry, node));
      marks.set(node, message.bootId, { logSeq, eventSeq: entry.seq, intent: null });
    }
    marks.set(node, message.bootId, { logSeq, eventSeq: last, intent: null });
    this.entries += entries.length;
    return last;
  }

  /** Undoes appends whose end is unknown. */
  #repair(node: string, bootId: string): Mark {
    const { marks, logs } = this.#options;
    const mark = marks.get(node, bootId);
    if (mark.intent === null) return mark;
    for (const [deploymentId, size] of Object.entries(mark.intent)) logs.truncate(deploymentId, size);
    const repaired = { ...mark, intent: null };
    marks.set(node, bootId, repaired);
    return repaired;
  }

  /** One synchronous block: no line of the control plane's own comes between the noted sizes and the append. */
  #appendLogs(node: string, bootId: string, mark: Mark, entries: LogEntry[], logSeq: number): Map<number, { deploymentId: string; lines: LogLine[] }> {
    const { marks, logs } = this.#options;
    const written = new Map<number, { deploymentId: string; lines: LogLine[] }>();
    const byDeployment = new Map<string, LogEntry[]>();
    for (const entry of entries) {
      if (!logs.accepts(entry.deploymentId)) continue;
      byDeployment.set(entry.deploymentId, [...(byDeployment.get(entry.deploymentId) ?? []), entry]);
    }
    if (byDeployment.size > 0) {
      const intent = Object.fromEntries([...byDeployment.keys()].map((id) => [id, logs.size(id)]));
      marks.set(node, bootId, { ...mark, intent });
      for (const [deploymentId, own] of byDeployment) {
        const lines = logs.append(deploymentId, own);
        const lastEntry = own.at(-1);
        if (lastEntry !== undefined && lines.length > 0) written.set(lastEntry.seq, { deploymentId, lines });
      }
    }
    marks.set(node, bootId, { logSeq, eventSeq: mark.eventSeq, intent: null });
    return written;
  }
}
