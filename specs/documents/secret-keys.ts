/** Master keys in use, and changing over to another one while everything goes on. */
import { sql } from 'kysely';
import type { MasterKeys } from '../master-key.ts';
import { KEY_ID, rewrap } from '../seal.ts';
import type { SecretKeyUse } from '../store.ts';
import type { Db, Tx } from '../tables.ts';

const keyOfValue = sql<string>`substr(sealed, ${sql.lit(KEY_ID.from)}, ${sql.lit(KEY_ID.length)})`;

export async function keyUse(db: Db, keys: MasterKeys): Promise<SecretKeyUse[]> {
  const rows = await db
    .selectFrom('secrets')
    .select([keyOfValue.as('id'), (count) => count.fn.countAll<number>().as('values')])
    .groupBy(keyOfValue)
    .execute();
  const used = new Map(rows.map(({ id, values }) => [id, Number(values)]));
  const ids = [...new Set([...keys.ids, ...[...used.keys()].sort()])];
  return ids.map((id) => ({ id, writes: id === keys.writeId, known: keys.ids.includes(id), values: used.get(id) ?? 0 }));
}

/** @returns how many values were wrapped anew */
export async function rewrapSome(tx: Tx, keys: MasterKeys, limit: number): Promise<number> {
  const others = keys.ids.filter((id) => id !== keys.writeId);
  if (others.length === 0) return 0;
  const rows = await tx.selectFrom('secrets').selectAll().where(keyOfValue, 'in', others).limit(limit).execute();
  for (const row of rows) {
    const sealed = rewrap(keys, row, row.sealed);
    await tx
      .updateTable('secrets')
      .set({ sealed })
      .where('uid', '=', row.uid)
      .where('name', '=', row.name)
      .where('version', '=', row.version)
      .execute();
  }
  return rows.length;
}
