import type { AuditEntry } from '#schema/records';
import { fromColumns, toColumns, type Fields } from '../columns.ts';
import type { Context } from '../context.ts';
import { next } from '../counters.ts';
import type { RecordStore } from '../store.ts';

const FIELDS: Fields<AuditEntry> = {
  id: 0,
  at: 0,
  user: 0,
  action: 0,
  sandbox: 0,
  service: 0,
  repository: 0,
  branch: 0,
  environment: 0,
  outcome: 0,
  message: 0,
};
/** Entries answered when no limit is given. */
const PAGE = 100;

/** Who did what; newest first. Entries are never changed. */
export function audit({ read, writer }: Context): Pick<RecordStore, 'addAudit' | 'audit'> {
  return {
    addAudit: (entry) =>
      writer.write(async (tx) => {
        const id = await next(tx, 'audit');
        await tx
          .insertInto('audit')
          .values(toColumns<AuditEntry>({ ...entry, id }, FIELDS))
          .execute();
      }),
    async audit({ sandbox, before, limit }) {
      let query = read
        .selectFrom('audit')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(limit ?? PAGE);
      if (sandbox !== undefined)
        query = query.where((row) => row(row.fn<string>('lower', ['sandbox']), '=', sandbox.toLowerCase()));
      if (before !== undefined) query = query.where('id', '<', before);
      return (await query.execute()).map((row) => fromColumns<AuditEntry>(row, FIELDS));
    },
  };
}
