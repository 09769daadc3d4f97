import { connect } from './connections.ts';
import type { Context } from './context.ts';
import { documentStore } from './documents/document-store.ts';
import { Leadership } from './leadership.ts';
import type { MasterKeys } from './master-key.ts';
import { migrate } from './migrations/migrate.ts';
import { recordStore } from './records/record-store.ts';
import type { Store } from './store.ts';
import { Wakeup } from './wakeup.ts';
import { Writer } from './writer.ts';

export interface StoreOptions {
  /** `sqlite:/path/to/file`; the file and its folder are created when absent. */
  url: string;
  masterKeys: MasterKeys;
  /** Unix milliseconds; the machine's time by default. */
  clock?: () => number;
}

/**
 * Opens the store and brings its tables up to date.
 * @throws SdpError invalid_request for another kind of URL; unavailable or disk_full when the database cannot be
 * opened, is damaged, or is of a newer release.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const connections = connect(options.url);
  const { read, write } = connections;
  try {
    await migrate(write);
  } catch (error) {
    await connections.close();
    throw error;
  }

  const clock = options.clock ?? Date.now;
  const leadership = new Leadership();
  const wakeup = new Wakeup();
  const writer = new Writer(write, { guard: (tx) => leadership.check(tx), committed: () => wakeup.notify() });
  const closing = new AbortController();
  const context: Context = { read, writer, wakeup, clock, keys: options.masterKeys };

  return {
    ...documentStore(context, closing.signal),
    ...recordStore(context),
    async takeLeadership() {
      const epoch = await writer.write((tx) => leadership.take(tx, clock));
      leadership.hold(epoch);
      return epoch;
    },
    async close() {
      closing.abort();
      await writer.close();
      await connections.close();
    },
  };
}
