/** Finds a wrong or missing master key when the store is opened, and not when a secret is needed. */
import { SdpError } from '#schema/errors';
import { sql } from 'kysely';
import { loadMasterKeys, masterKeyFileExists, type MasterKeys } from './master-key.ts';
import { KEY_ID, keyIdOf, seal, unseal } from './seal.ts';
import type { Db, Tx } from './tables.ts';

const SETTING = 'master-key.check';
const PLACE = { uid: 'sdp', name: SETTING, version: 1 };

/** Keys, or the file that they are in, which is made for a database that has no secrets yet. */
export type KeySource = MasterKeys | { file: string };

/**
 * Keys that open every secret of the database.
 * @param acceptLost goes on although some are missing: what they wrapped cannot be read, and has to be set again.
 * @throws SdpError unavailable naming the missing keys; invalid_request for a file that holds none
 */
export async function checkedKeys(db: Db, source: KeySource, acceptLost: boolean): Promise<MasterKeys> {
  const needed = await keyIds(db);
  if ('file' in source && needed.length > 0 && !acceptLost && !(await masterKeyFileExists(source.file))) {
    throw new SdpError('unavailable', `The master key file ${source.file} is missing, and this database has secrets that only its key opens (key ${needed.join(', ')}).`, {
      hint: 'Restore the file from a backup. If it is lost for good, start with --accept-lost-keys and set every secret again.',
    });
  }
  const keys = 'file' in source ? await loadMasterKeys(source.file) : source;
  const missing = needed.filter((id) => !keys.has(id));
  if (missing.length > 0 && !acceptLost) {
    throw new SdpError('unavailable', `The master key is not that of this database: its secrets need key ${missing.join(', ')}, which is not among the keys given.`, {
      hint: 'Give the right key file, or add that key as a further line. If it is lost for good, start with --accept-lost-keys and set those secrets again.',
    });
  }
  return keys;
}

/** Notes the key that writes, so that a database without secrets knows its key too. @throws SdpError unavailable for a damaged note */
export async function noteKey(tx: Tx, keys: MasterKeys): Promise<void> {
  const value = await notedKey(tx);
  if (value === undefined || !keys.has(keyIdOf(value))) return noteWritingKey(tx, keys);
  unseal(keys, PLACE, value);
}

/** As `noteKey`, also where the former key is at hand still: it may be taken away after a change of keys. */
export async function noteWritingKey(tx: Tx, keys: MasterKeys): Promise<void> {
  const noted = await notedKey(tx);
  if (noted !== undefined && keyIdOf(noted) === keys.writeId) return;
  const value = seal(keys, PLACE, 'sdp');
  await tx
    .insertInto('settings')
    .values({ name: SETTING, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** Whether `noteKey` has to be called. */
export async function keyIsNoted(db: Db, keys: MasterKeys): Promise<boolean> {
  const value = await notedKey(db);
  return value !== undefined && keys.has(keyIdOf(value));
}

async function notedKey(db: Db): Promise<string | undefined> {
  return (await db.selectFrom('settings').select('value').where('name', '=', SETTING).executeTakeFirst())?.value;
}

/** Ids of the keys that wrap something. */
async function keyIds(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select distinct substr(sealed, ${sql.lit(KEY_ID.from)}, ${sql.lit(KEY_ID.length)}) as id from secrets
    union select substr(value, ${sql.lit(KEY_ID.from)}, ${sql.lit(KEY_ID.length)}) from settings where name = ${SETTING} order by id`.execute(db);
  return rows.map(({ id }) => id);
}
