import type { Db, Tx } from './tables.ts';

/**
 * Sequences of the store. A row instead of the database's own sequences: the row's lock makes numbers follow
 * commit order, and a write that is rolled back leaves no gap.
 */
/** `compacted` is no sequence: the highest resourceVersion of a document that was removed past its retention. */
export type Counter = 'resource_version' | 'compacted' | 'status_version' | 'audit' | 'deployment' | 'event' | 'release' | 'transition';

/** Draws the next number, first 1. */
export async function next(tx: Tx, counter: Counter): Promise<number> {
  const row = await tx
    .insertInto('counters')
    .values({ name: counter, value: 1 })
    .onConflict((conflict) => conflict.column('name').doUpdateSet((old) => ({ value: old('counters.value', '+', 1) })))
    .returning('value')
    .executeTakeFirstOrThrow();
  return row.value;
}

/** The last number drawn, 0 before the first. */
export async function current(db: Db, counter: Counter): Promise<number> {
  const row = await db.selectFrom('counters').select('value').where('name', '=', counter).executeTakeFirst();
  return row?.value ?? 0;
}
