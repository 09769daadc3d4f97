import { sql, type Kysely, type Migration } from 'kysely';
import { createIndex, createTable } from './create-table.ts';

/** Who may write: one row. Terms go on from what was a setting before. */
export const lease: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createTable(db, 'leases', {
      text: ['name'],
      bigint: ['epoch', 'expires_at'],
      nullable: ['holder', 'batch'],
      key: ['name'],
    });
    await sql`insert into leases (name, epoch, expires_at)
      values ('writer', coalesce((select cast(value as bigint) from settings where name = 'leadership.epoch'), 0), 0)`.execute(db);
    await sql`delete from settings where name = 'leadership.epoch'`.execute(db);
    await createIndex(db, 'documents', ['deleted_at'], { where: 'gone = 1' });
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropIndex('documents_by_deleted_at').execute();
    await sql`insert into settings (name, value) select 'leadership.epoch', cast(epoch as text) from leases where name = 'writer'`.execute(db);
    await db.schema.dropTable('leases').execute();
  },
};
