/** Conditions on many values, by statements whose texts are the same for any number of them. */
import type { Kind } from '#schema/documents';
import { sql, type Expression, type RawBuilder, type SqlBool } from 'kysely';
import { onSqlite } from '../sqlite/on-sqlite.ts';
import type { Tx } from '../tables.ts';

/** Whether the column has one of the values. */
export function isAmong(tx: Tx, column: Expression<string>, values: readonly string[]): RawBuilder<SqlBool> {
  if (onSqlite(tx)) return sql`${column} in (select value from json_each(${JSON.stringify(values)}))`;
  return sql`${column} = any(${values})`;
}

/**
 * uids of the live documents of these kinds and slugs, to be used after `in`. Each is looked up on its own: PostgreSQL
 * believes a table that grows fast to be small, and would read all of it.
 */
export function liveUids(tx: Tx, pairs: readonly [Kind, string][]): RawBuilder<string> {
  if (onSqlite(tx)) {
    return sql`(select uid from documents where gone = 0 and (kind, slug) in (select value ->> 0, value ->> 1 from json_each(${JSON.stringify(pairs)})))`;
  }
  const [kinds, slugs] = [pairs.map(([kind]) => kind), pairs.map(([, slug]) => slug)];
  return sql`(select live.uid from unnest(${kinds}::text[], ${slugs}::text[]) as wanted(kind, slug) cross join lateral
    (select uid from documents where gone = 0 and kind = wanted.kind and slug = wanted.slug limit 1) as live)`;
}
