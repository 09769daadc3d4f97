import { SdpError } from '#schema/errors';
import { Migrator, NO_MIGRATIONS, type Kysely } from 'kysely';
import type { Connections } from '../connections.ts';
import type { Tables } from '../tables.ts';
import { checkTables, MIGRATIONS, MIGRATION_TABLE } from './known.ts';

/** Brings the tables up to date. @throws SdpError unavailable when the database is of a newer SDP or not ours */
export async function migrate(connections: Connections): Promise<void> {
  const { write } = connections;
  const tables = await connections.tables();
  const applied = tables.includes(MIGRATION_TABLE) ? await appliedTo(write) : [];
  checkTables(connections.name, tables, applied);
  if (applied.length === Object.keys(MIGRATIONS).length) return;
  const { error } = await migratorOf(write).migrateToLatest();
  if (error === undefined) return;
  if (error instanceof SdpError && error.code !== 'internal') throw error;
  const reason = error instanceof Error ? error.message : String(error);
  throw new SdpError('unavailable', `The tables of ${connections.name} could not be prepared: ${reason}`, {
    hint: 'Use an empty database, or restore a backup.',
    cause: error,
  });
}

/** Takes every table away again: what tests of migrations do. @throws whatever a migration throws */
export async function unmigrate(db: Kysely<Tables>): Promise<void> {
  const { error } = await migratorOf(db).migrateTo(NO_MIGRATIONS);
  if (error !== undefined) throw SdpError.from(error);
}

const migratorOf = (db: Kysely<Tables>): Migrator =>
  new Migrator({ db, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });

async function appliedTo(db: Kysely<Tables>): Promise<string[]> {
  const migrations = db as unknown as Kysely<Record<typeof MIGRATION_TABLE, { name: string }>>;
  return (await migrations.selectFrom(MIGRATION_TABLE).select('name').execute()).map(({ name }) => name);
}
