import { fromColumns, toColumns, type Fields } from '../columns.ts';
import type { Context } from '../context.ts';
import type { Attempt, RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';

const FIELDS: Fields<Attempt> = {
  sandboxUid: 0,
  service: 0,
  step: 0,
  input: 0,
  count: 0,
  code: 0,
  message: 0,
  nextAt: 0,
};

export function attempts({ read, writer }: Context): Pick<RecordStore, 'attempts' | 'putAttempt' | 'clearAttempts'> {
  return {
    async attempts(sandboxUid) {
      const rows = await read
        .selectFrom('attempts')
        .selectAll()
        .where('sandboxUid', '=', sandboxUid)
        .orderBy('service')
        .orderBy('step')
        .execute();
      return rows.map((row) => fromColumns<Attempt>(row, FIELDS));
    },
    putAttempt: (attempt) => writer.write((tx) => put(tx, attempt)),
    clearAttempts: (sandboxUid, service, step) => writer.write((tx) => clear(tx, sandboxUid, service, step)),
  };
}

async function put(tx: Tx, attempt: Attempt): Promise<void> {
  const columns = toColumns(attempt, FIELDS);
  await tx
    .insertInto('attempts')
    .values(columns)
    .onConflict((conflict) => conflict.columns(['sandboxUid', 'service', 'step']).doUpdateSet(columns))
    .execute();
}

async function clear(tx: Tx, sandboxUid: string, service?: string, step?: string): Promise<void> {
  let query = tx.deleteFrom('attempts').where('sandboxUid', '=', sandboxUid);
  if (service !== undefined) query = query.where('service', '=', service);
  if (step !== undefined) query = query.where('step', '=', step);
  await query.execute();
}
