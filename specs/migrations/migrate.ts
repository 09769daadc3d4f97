import { SdpError } from '#schema/errors';
import { Migrator, type Migration } from 'kysely';
import type { Db } from '../tables.ts';
import { first } from './001-first.ts';
import { personalPorts } from './002-personal-ports.ts';
import { history } from './004-history.ts';

/** In the order of their names. A released migration never changes; what follows is a further one. */
const MIGRATIONS: Record<string, Migration> = { '001-first': first, '002-personal-ports': personalPorts, '004-history': history };

/** Brings the tables up to date. @throws SdpError unavailable when the database is of a newer SDP or not ours. */
export async function migrate(db: Db): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
  const known = await migrator.getMigrations();
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof SdpError && error.code !== 'internal') throw error;
  const reason = error instanceof Error ? error.message : String(error);
  const newer = known.length > 0 && reason.includes('is missing');
  throw new SdpError(
    'unavailable',
    newer
      ? 'The database was made by a newer release of SDP.'
      : `The tables of the database could not be prepared: ${reason}`,
    {
      hint: newer
        ? 'Start that release, or restore a backup from before.'
        : 'Use an empty database, or restore a backup.',
      cause: error,
    },
  );
}
