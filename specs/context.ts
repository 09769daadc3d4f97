/** What each part of the store works with. */
import type { MasterKeys } from './master-key.ts';
import type { Db } from './tables.ts';
import type { Wakeup } from './wakeup.ts';
import type { Writer } from './writer.ts';

export interface Context {
  /** Committed state; never waits for the writer. */
  readonly read: Db;
  readonly writer: Writer;
  readonly wakeup: Wakeup;
  readonly keys: MasterKeys;
  /** Unix milliseconds. */
  readonly clock: () => number;
}

/** The context's time as ISO 8601. */
export function now(context: Pick<Context, 'clock'>): string {
  return new Date(context.clock()).toISOString();
}
