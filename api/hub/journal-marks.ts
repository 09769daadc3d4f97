/** How far each agent's journal is stored: ephemeral progress, kept in its own SQLite file (B4). */
import Database from 'better-sqlite3';

export interface Mark {
  /** Log lines of this boot are in their files up to here. */
  logSeq: number;
  /** Events of this boot are in the store up to here. */
  eventSeq: number;
  /** Sizes in bytes, by deployment, of the files that were being appended to; null when none was. */
  intent: Record<string, number> | null;
}

interface Row {
  log_seq: number;
  event_seq: number;
  intent: string | null;
}

/** Boots that an agent will not come back with; milliseconds. */
const KEEP_MS = 30 * 24 * 3600 * 1000;

export class JournalMarks {
  readonly #db: Database.Database;
  readonly #read: Database.Statement<[string, string], Row>;
  readonly #write: Database.Statement<[string, string, number, number, string | null, number]>;

  /** @param file path of the SQLite file; marks live only in memory when it is left out */
  constructor(file: string = ':memory:') {
    this.#db = new Database(file);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = NORMAL');
    this.#db.pragma('busy_timeout = 5000');
    this.#db.exec(`CREATE TABLE IF NOT EXISTS journal_marks (
      node TEXT NOT NULL, boot_id TEXT NOT NULL, log_seq INTEGER NOT NULL, event_seq INTEGER NOT NULL,
      intent TEXT, updated_at INTEGER NOT NULL, PRIMARY KEY (node, boot_id))`);
    this.#db.prepare('DELETE FROM journal_marks WHERE updated_at < ?').run(Date.now() - KEEP_MS);
    this.#read = this.#db.prepare('SELECT log_seq, event_seq, intent FROM journal_marks WHERE node = ? AND boot_id = ?');
    this.#write = this.#db.prepare(`INSERT INTO journal_marks (node, boot_id, log_seq, event_seq, intent, updated_at)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (node, boot_id) DO UPDATE SET log_seq = excluded.log_seq,
      event_seq = excluded.event_seq, intent = excluded.intent, updated_at = excluded.updated_at`);
  }

  get(node: string, bootId: string): Mark {
    const row = this.#read.get(node, bootId);
    if (row === undefined) return { logSeq: 0, eventSeq: 0, intent: null };
    const intent = row.intent === null ? null : (JSON.parse(row.intent) as Record<string, number>);
    return { logSeq: row.log_seq, eventSeq: row.event_seq, intent };
  }

  set(node: string, bootId: string, mark: Mark): void {
    const intent = mark.intent === null ? null : JSON.stringify(mark.intent);
    this.#write.run(node, bootId, mark.logSeq, mark.eventSeq, intent, Date.now());
  }

  close(): void {
    this.#db.close();
  }
}
