/**
 * Takes an agent's journal into log files, store and stream: in order, once (invariant 12).
 * A crash at any point is repaired by the next delivery: files are cut back to the size noted before the
 * append, events that are stored already are left out.
 */
import type { DeploymentEvent, LogLine } from '#schema/records';
import type { Announcer } from '#reconciler/contract';
import type { JournalEntry, JournalMessage } from '#schema/wire/messages';
import type { RecordStore } from '#specs/store';
import { describeError, type Logger } from '../http/logger.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { JournalMarks, Mark } from './journal-marks.ts';

type EventEntry = Extract<JournalEntry, { kind: 'event' }>;
type LogEntry = Extract<JournalEntry, { kind: 'log' }>;

export interface JournalIntakeOptions {
  marks: JournalMarks;
  logs: LogStore;
  store: Pick<RecordStore, 'deployment' | 'addDeploymentEvents' | 'deploymentEvents'>;
  announcer: Pick<Announcer, 'deploymentEvent'> & { logLines(deploymentId: string, lines: LogLine[]): void };
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
   * Stores a message's entries that are new and answers the seq to acknowledge.
   * @throws whatever store or disk threw: nothing is acknowledged then, and the agent sends it again
   */
  async take(node: string, message: JournalMessage): Promise<number> {
    const { marks } = this.#options;
    const entries = [...message.entries].sort((a, b) => a.seq - b.seq);
    const mark = this.#repair(node, message.bootId);
    const last = entries.at(-1)?.seq ?? 0;
    const recovering = mark.eventSeq < mark.logSeq;
    const first = entries[0]?.seq ?? 0;
    if (first > mark.eventSeq + 1) this.#options.log.warn('journal gap', { node, expected: mark.eventSeq + 1, got: first });

    const lines = this.#appendLogs(node, message.bootId, mark, entries.filter(isLog).filter((entry) => entry.seq > mark.logSeq), last);
    const logged = Math.max(mark.logSeq, last);
    const events = entries.filter(isEvent).filter((entry) => entry.seq > mark.eventSeq);
    const known = await this.#withDeployment(events);
    const fresh = recovering ? await this.#notYetStored(known, node) : known;
    if (fresh.length > 0) await this.#options.store.addDeploymentEvents(fresh.map((item) => toEvent(item.entry, node)));
    await this.#announce(node, entries, lines, known, fresh);
    marks.set(node, message.bootId, { logSeq: logged, eventSeq: logged, intent: null });
    this.entries += entries.length;
    return logged;
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
  #appendLogs(node: string, bootId: string, mark: Mark, entries: LogEntry[], last: number): Map<number, { deploymentId: string; lines: LogLine[] }> {
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
    marks.set(node, bootId, { logSeq: Math.max(mark.logSeq, last), eventSeq: mark.eventSeq, intent: null });
    return written;
  }

  /** Events of deployments that the store does not know are dropped: they must not block the journal for ever. */
  async #withDeployment(entries: EventEntry[]): Promise<{ entry: EventEntry; sandbox: string }[]> {
    const sandboxes = new Map<string, string | undefined>();
    for (const { deploymentId } of entries) {
      if (sandboxes.has(deploymentId)) continue;
      const deployment = await this.#options.store.deployment(deploymentId);
      sandboxes.set(deploymentId, deployment?.sandbox);
      if (deployment === undefined) this.#options.log.warn('event of an unknown deployment', { deploymentId });
    }
    return entries.flatMap((entry) => {
      const sandbox = sandboxes.get(entry.deploymentId);
      return sandbox === undefined ? [] : [{ entry, sandbox }];
    });
  }

  async #notYetStored(items: { entry: EventEntry; sandbox: string }[], node: string): Promise<{ entry: EventEntry; sandbox: string }[]> {
    const stored = new Set<string>();
    for (const id of new Set(items.map((item) => item.entry.deploymentId))) {
      for (const event of await this.#options.store.deploymentEvents(id)) {
        if (event.node === node) stored.add(`${id} ${event.event} ${event.at}`);
      }
    }
    return items.filter(({ entry }) => !stored.has(`${entry.deploymentId} ${entry.event} ${entry.at}`));
  }

  async #announce(
    node: string,
    entries: JournalEntry[],
    lines: Map<number, { deploymentId: string; lines: LogLine[] }>,
    known: { entry: EventEntry; sandbox: string }[],
    fresh: { entry: EventEntry; sandbox: string }[],
  ): Promise<void> {
    const bySeq = new Map(known.map((item) => [item.entry.seq, item]));
    const isFresh = new Set(fresh.map((item) => item.entry.seq));
    for (const { seq } of entries) {
      const written = lines.get(seq);
      if (written !== undefined) this.#options.announcer.logLines(written.deploymentId, written.lines);
      const item = bySeq.get(seq);
      if (item === undefined) continue;
      const event = toEvent(item.entry, node);
      if (isFresh.has(seq)) this.#options.announcer.deploymentEvent(item.sandbox, event);
      await this.#move(event);
    }
  }

  /** The reconciler reads the level anyway: its trouble with one event must not stop the journal. */
  async #move(event: DeploymentEvent): Promise<void> {
    try {
      await this.#options.onPipelineEvent(event);
    } catch (thrown) {
      this.#options.log.error('pipeline event failed', { deploymentId: event.deploymentId, error: describeError(thrown) });
    }
  }
}
