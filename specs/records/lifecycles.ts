import type { Lifecycle } from '#schema/records';
import { fromColumns, toColumns, type Fields } from '../columns.ts';
import type { Context } from '../context.ts';
import type { RecordStore } from '../store.ts';

const FIELDS: Fields<Lifecycle> = {
  sandboxUid: 0,
  idleMs: 0,
  warnedMs: 0,
  expiredMs: 0,
  extendedMs: 0,
  countedAt: 0,
  activeAt: 0,
  activeBy: 0,
  seen: 0,
  keptBy: 0,
  keptAt: 0,
};

export function lifecycles({ read, writer }: Context): Pick<RecordStore, 'lifecycle' | 'lifecycles' | 'putLifecycles'> {
  return {
    async lifecycle(sandboxUid) {
      const row = await read.selectFrom('lifecycles').selectAll().where('sandboxUid', '=', sandboxUid).executeTakeFirst();
      return row === undefined ? undefined : fromColumns<Lifecycle>(row, FIELDS);
    },
    async lifecycles() {
      const rows = await read.selectFrom('lifecycles').selectAll().orderBy('sandboxUid').execute();
      return rows.map((row) => fromColumns<Lifecycle>(row, FIELDS));
    },
    putLifecycles: (all) =>
      writer.write(async (tx) => {
        for (const lifecycle of all) {
          const columns = toColumns(lifecycle, FIELDS);
          await tx.insertInto('lifecycles').values(columns).onConflict((conflict) => conflict.column('sandboxUid').doUpdateSet(columns)).execute();
        }
      }),
  };
}
