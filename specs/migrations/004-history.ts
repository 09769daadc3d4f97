import { sql, SqliteAdapter, type Kysely, type Migration } from 'kysely';
import { createIndex, createTable, textType } from './create-table.ts';

/** Where documents come from, what became of sandboxes over time, and an audit that nobody can change. */
export const history: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('documents').addColumn('managed_by', textType(db)).execute();
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
  async down(db: Kysely<unknown>): Promise<void> {
    await allowChangesOfAudit(db);
    for (const index of ['audit_by_at', 'audit_by_user_id', 'audit_by_sandbox_id']) await db.schema.dropIndex(index).execute();
    await db.schema.dropTable('transitions').execute();
    await db.schema.alterTable('documents').dropColumn('managed_by').execute();
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

async function allowChangesOfAudit(db: Kysely<unknown>): Promise<void> {
  if (db.getExecutor().adapter instanceof SqliteAdapter) {
    await sql`drop trigger audit_stays`.execute(db);
    return;
  }
  await sql`drop trigger audit_stays on audit`.execute(db);
  await sql`drop function audit_stays()`.execute(db);
}
