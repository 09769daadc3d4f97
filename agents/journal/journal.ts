/**
 * What happened during deployments, in order, until the control plane has stored it. Entries are appended to a
 * file per boot, so that neither a lost connection nor a restart of the agent loses or repeats one.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { JournalEntry } from '#schema/wire/messages';

/** Entries kept in memory; log lines beyond it are dropped with a mark, events never. */
const MAX_PENDING = 50_000;
/** Entries of one message. */
export const MAX_BATCH = 500;
/** Entries sent and not yet acknowledged. */
const MAX_UNACKNOWLEDGED = 4_000;

/** Until a failed write to disk is tried again, in milliseconds. */
const RETRY_MS = 5_000;

type WithoutPlace<T> = T extends unknown ? Omit<T, 'seq' | 'at'> : never;
export type NewEntry = WithoutPlace<JournalEntry>;

interface Boot {
  readonly bootId: string;
  readonly file: string;
  entries: JournalEntry[];
  /** Highest seq that was sent in this session. */
  sent: number;
}

export class Journal {
  private readonly boots: Boot[] = [];
  private readonly current: Boot;
  private nextSeq = 1;
  private dropped = 0;
  private unwritten: string[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly directory: string,
    readonly bootId: string,
    private readonly onEntries: () => void,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory).sort()) {
      if (!name.endsWith('.ndjson')) continue;
      const boot = this.read(name);
      if (boot.entries.length > 0) this.boots.push(boot);
      else rmSync(boot.file, { force: true });
    }
    this.current = { bootId, file: path.join(directory, `${bootId}.ndjson`), entries: [], sent: 0 };
    this.boots.push(this.current);
  }

  private read(name: string): Boot {
    const file = path.join(this.directory, name);
    const entries: JournalEntry[] = [];
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue;
      try {
        entries.push(JSON.parse(line) as JournalEntry);
      } catch {
        break; // the last line of a killed process
      }
    }
    return { bootId: name.slice(0, -'.ndjson'.length), file, entries, sent: 0 };
  }

  append(entry: NewEntry): void {
    if (this.current.entries.length >= MAX_PENDING && entry.kind === 'log') {
      this.dropped += 1;
      return;
    }
    if (this.dropped > 0) {
      const text = `(${this.dropped} lines left out: the control plane was away for too long)`;
      this.dropped = 0;
      this.put({ kind: 'log', deploymentId: entry.deploymentId, phase: 'RUN', text });
    }
    this.put(entry);
  }

  private put(entry: NewEntry): void {
    const placed = { seq: this.nextSeq++, at: new Date().toISOString(), ...entry } as JournalEntry;
    this.current.entries.push(placed);
    this.unwritten.push(JSON.stringify(placed));
    this.timer ??= setTimeout(() => this.flush(), 10);
  }

  /** Writes what is buffered and tells the session. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.write();
    this.onEntries();
  }

  /** A full disk must not end the agent: what could not be written is still in memory, and tried again. */
  private write(): void {
    if (this.unwritten.length === 0) return;
    try {
      appendFileSync(this.current.file, `${this.unwritten.join('\n')}\n`, { mode: 0o600 });
      this.unwritten = [];
    } catch {
      this.timer ??= setTimeout(() => this.flush(), RETRY_MS);
    }
  }

  /** A new session: everything that is not acknowledged is sent again. */
  rewind(): void {
    for (const boot of this.boots) boot.sent = 0;
  }

  /** The next entries to send, or undefined when all are sent or enough are under way. */
  next(): { bootId: string; entries: JournalEntry[] } | undefined {
    for (const boot of this.boots) {
      const first = boot.entries[0];
      if (first === undefined) continue;
      const from = Math.max(0, boot.sent - first.seq + 1);
      if (from >= MAX_UNACKNOWLEDGED) return undefined;
      const entries = boot.entries.slice(from, from + MAX_BATCH);
      const last = entries.at(-1);
      if (last === undefined) continue;
      boot.sent = last.seq;
      return { bootId: boot.bootId, entries };
    }
    return undefined;
  }

  acknowledge(bootId: string, seq: number): void {
    const boot = this.boots.find((candidate) => candidate.bootId === bootId);
    if (boot === undefined) return;
    boot.entries = boot.entries.filter((entry) => entry.seq > seq);
    if (boot.entries.length > 0 || this.unwritten.length > 0) return;
    if (existsSync(boot.file)) rmSync(boot.file, { force: true });
    if (boot !== this.current) this.boots.splice(this.boots.indexOf(boot), 1);
  }
}
