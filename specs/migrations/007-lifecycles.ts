import type { Kysely, Migration } from 'kysely';
import { createTable, textType } from './create-table.ts';

/** How long sandboxes were not used, and nodes on which nothing new is placed. */
export const lifecycles: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createTable(db, 'lifecycles', {
      text: ['sandbox_uid', 'counted_at', 'active_at', 'active_by', 'seen'],
      bigint: ['idle_ms', 'extended_ms'],
      nullable: ['kept_by', 'kept_at'],
      key: ['sandbox_uid'],
    });
    for (const column of ['warned_ms', 'expired_ms']) await db.schema.alterTable('lifecycles').addColumn(column, 'bigint').execute();
    await db.schema.alterTable('nodes').addColumn('cordon', textType(db)).execute();
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('nodes').dropColumn('cordon').execute();
    await db.schema.dropTable('lifecycles').execute();
  },
};
