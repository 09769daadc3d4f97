/** Between records with optional fields and rows with NULL. */

/** A record as columns: what is optional is NULL when absent. */
export type Columns<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Exclude<T[K], undefined> | null : T[K];
};

/** Every field of a record; the compiler notices when one is forgotten. */
export type Fields<T> = Readonly<Record<keyof T, 0>>;

/** The row of a record: exactly these fields, NULL where absent. */
export function toColumns<T extends object>(record: T, fields: Fields<T>): Columns<T> {
  const keys = Object.keys(fields) as (keyof T)[];
  return Object.fromEntries(keys.map((key) => [key, record[key] ?? null])) as Columns<T>;
}

/** The record of a row: exactly these fields, left out where NULL. */
export function fromColumns<T extends object>(row: Columns<T>, fields: Fields<T>): T {
  const keys = Object.keys(fields) as (keyof T)[];
  return Object.fromEntries(keys.filter((key) => row[key] !== null).map((key) => [key, row[key]])) as T;
}
