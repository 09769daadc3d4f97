import { connect } from './connections.ts';
import type { Context } from './context.ts';
import { documentStore } from './documents/document-store.ts';
import { checkedKeys, keyIsNoted, noteKey, type KeySource } from './key-check.ts';
import { Lease } from './lease.ts';
import type { MasterKeys } from './master-key.ts';
import { migrate } from './migrations/migrate.ts';
import { recordStore } from './records/record-store.ts';
import type { Store } from './store.ts';
import { Term } from './term.ts';
import type { Tx } from './tables.ts';
import { Wakeup } from './wakeup.ts';
import { Writer } from './writer.ts';

export interface StoreOptions {
  /** `sqlite:/path/to/file`, created with its folder when absent; or `postgres://user@host/database`. */
  url: string;
  /** Of PostgreSQL's user, where it is not in the URL. */
  password?: string;
  /** Milliseconds that a lease lasts unless renewed; 15,000 by default. */
  leaseMs?: number;
  /** Milliseconds that a write waits for a database that went away; 10,000 by default. */
  stallMs?: number;
  /** Keys, or their file, which is made when the database is new. */
  masterKeys: KeySource;
  /** Goes on although some secrets' keys are missing. */
  acceptLostKeys?: boolean;
  /** Unix milliseconds; the machine's time by default. */
  clock?: () => number;
}

/**
 * Opens the store and brings its tables up to date.
 * @throws SdpError invalid_request for another kind of URL; unavailable or disk_full when the database cannot be
 * opened, is damaged, is of a newer release, or has secrets that the master keys do not open.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const connections = connect(options.url, options.password);
  const { read, write } = connections;
  let keys: MasterKeys;
  try {
    await migrate(connections);
    keys = await checkedKeys(read, options.masterKeys, options.acceptLostKeys === true);
  } catch (error) {
    await connections.close();
    throw error;
  }

  const clock = options.clock ?? Date.now;
  const lease = new Lease(connections, options.leaseMs);
  const wakeup = new Wakeup();
  const hooks = {
    guard: (tx: Tx, batch: string) => lease.check(tx, batch),
    committed: () => wakeup.notify(),
    ...(connections.shared ? { settle: (batch: string) => lease.settle(batch) } : {}),
  };
  const writer = new Writer(write, hooks, options.stallMs);
  const term = new Term({ lease, writer, clock, leaseMs: options.leaseMs });
  if (!(await keyIsNoted(read, keys))) await writer.write((tx) => noteKey(tx, keys));
  connections.onCommit(() => wakeup.notify());
  const closing = new AbortController();
  const context: Context = { read, writer, wakeup, clock, keys };

  return {
    ...documentStore(context, closing.signal),
    ...recordStore(context),
    takeLeadership: (given = {}) => term.take(given, closing.signal),
    async close() {
      closing.abort();
      await term.end();
      await writer.close();
      await connections.close();
    },
  };
}
