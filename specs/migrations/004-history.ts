import { sql, SqliteAdapter, type Kysely, type Migration } from 'kysely';
import { createIndex, createTable } from './create-table.ts';

/** Where documents come from, what became of sandboxes over time, and an audit that nobody can change. */
export const history: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('documents').addColumn('managed_by', 'text').execute();
    await createTable(db, 'transitions', {
      text: ['sandbox_uid', 'at', 'kind', 'status', 'reason', 'message'],
      bigint: ['seq', 'generation', 'observed_version'],
      nullable: ['service'],
      key: ['seq'],
    });
    await createIndex(db, 'transitions', ['sandbox_uid', 'seq']);
    await createIndex(db, 'audit', ['at']);
    await createIndex(db, 'audit', ['user', 'id']);
    await db.schema.createIndex('audit_by_sandbox_id').on('audit').expression(sql`lower(sandbox), id`).execute();
    await refuseChangesOfAudit(db);
  },
};

/** Entries stay as they were written, whatever program opens the database. Old ones may still be removed as a whole. */
async function refuseChangesOfAudit(db: Kysely<unknown>): Promise<void> {
  if (db.getExecutor().adapter instanceof SqliteAdapter) {
    await sql`create trigger audit_stays before update on audit begin select raise(abort, 'audit entries never change'); end`.execute(db);
    return;
  }
  await sql`create function audit_stays() returns trigger language plpgsql as $$ begin raise exception 'audit entries never change'; end $$`.execute(db);
  await sql`create trigger audit_stays before update on audit for each row execute function audit_stays()`.execute(db);
}
