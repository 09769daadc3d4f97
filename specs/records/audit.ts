import { sql } from 'kysely';
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

/** A pattern for what begins with a text. */
const literally = (text: string): string => `${text.replace(/[!%_]/g, '!$&')}%`;

/** Who did what. Entries are never changed: there is no way to, and the table itself refuses it. */
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
    async audit({ sandbox, user, action, environment, outcome, since, until, before, after, oldestFirst, limit }) {
      let query = read
        .selectFrom('audit')
        .selectAll()
        .orderBy('id', oldestFirst === true ? 'asc' : 'desc')
        .limit(limit ?? PAGE);
      if (sandbox !== undefined)
        query = query.where((row) => row(row.fn<string>('lower', ['sandbox']), '=', sandbox.toLowerCase()));
      if (environment !== undefined)
        query = query.where((row) => row(row.fn<string>('lower', ['environment']), '=', environment.toLowerCase()));
      if (user !== undefined) query = query.where('user', '=', user);
      if (action?.includes('.') === true) query = query.where('action', '=', action);
      else if (action !== undefined)
        query = query.where((row) => row.or([row('action', '=', action), sql<boolean>`action like ${literally(`${action}.`)} escape '!'`]));
      if (outcome !== undefined) query = query.where('outcome', '=', outcome);
      if (since !== undefined) query = query.where('at', '>=', since);
      if (until !== undefined) query = query.where('at', '<', until);
      if (before !== undefined) query = query.where('id', '<', before);
      if (after !== undefined) query = query.where('id', '>', after);
      return (await query.execute()).map((row) => fromColumns<AuditEntry>(row, FIELDS));
    },
  };
}
