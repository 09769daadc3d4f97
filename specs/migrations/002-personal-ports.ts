import { sql, type Kysely, type Migration } from 'kysely';
import { createIndex, createTable, textType } from './create-table.ts';

/** A person's own port, and since when a released port rests: those of before rest from now on. */
export const personalPorts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createTable(db, 'personal_ports', {
      text: ['user', 'engine', 'sandbox_uid', 'allocated_at'],
      integer: ['port'],
      nullable: ['former_uid'],
      key: ['user'],
      unique: [['engine', 'port']],
    });
    await createIndex(db, 'personal_ports', ['sandbox_uid']);
    await db.schema.alterTable('resting_ports').addColumn('released_at', textType(db)).execute();
    await sql`update resting_ports set released_at = ${new Date().toISOString()}`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('resting_ports').dropColumn('released_at').execute();
    await db.schema.dropTable('personal_ports').execute();
  },
};
