/** The migrations of this release, and which databases it may work on. */
import { SdpError } from '#schema/errors';
import { DEFAULT_MIGRATION_LOCK_TABLE, DEFAULT_MIGRATION_TABLE, type Migration } from 'kysely';
import { first } from './001-first.ts';
import { personalPorts } from './002-personal-ports.ts';
import { lease } from './003-lease.ts';
import { history } from './004-history.ts';
import { lifecycles } from './007-lifecycles.ts';

/** In the order of their names. A released migration never changes; what follows is a further one. */
export const MIGRATIONS: Record<string, Migration> = {
  '001-first': first,
  '002-personal-ports': personalPorts,
  '003-lease': lease,
  '004-history': history,
  '007-lifecycles': lifecycles,
};

/** Where Kysely notes what was applied. */
export const MIGRATION_TABLE = DEFAULT_MIGRATION_TABLE;

/**
 * @param name what people call the database
 * @param applied names of the migrations that it went through
 * @throws SdpError unavailable when it is of a newer release, or of another program
 */
export function checkTables(name: string, tables: readonly string[], applied: readonly string[]): void {
  const later = applied.filter((migration) => !(migration in MIGRATIONS));
  if (later.length > 0) {
    throw new SdpError('unavailable', `${capital(name)} was made by a newer release of SDP (it knows "${later.join('", "')}").`, {
      hint: 'Start that release, or restore a backup from before.',
    });
  }
  const others = tables.filter((table) => table !== DEFAULT_MIGRATION_TABLE && table !== DEFAULT_MIGRATION_LOCK_TABLE);
  const ours = applied.length > 0 && others.includes('documents') && others.includes('revisions');
  if (others.length === 0 ? applied.length === 0 : ours) return;
  throw new SdpError('unavailable', `${capital(name)} is not one of SDP: it holds ${others.length === 0 ? 'none of its tables' : `"${others.slice(0, 3).join('", "')}"`}.`, {
    hint: 'Give SDP an empty database of its own, or restore a backup.',
  });
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
