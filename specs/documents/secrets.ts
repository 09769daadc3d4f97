/**
 * Secrets of environments. A document names a version; every version's value is kept, sealed, in a table of its own,
 * so that an earlier revision can come back with the values that it had.
 */
import type { EnvironmentSpec, SecretReference } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { MasterKeys } from '../master-key.ts';
import { seal, unseal } from '../seal.ts';
import type { KeptSecret } from '../store.ts';
import type { Db, SecretRow, Tx } from '../tables.ts';

interface Owner {
  uid: string;
  name: string;
}

export function hasPlainSecrets(spec: EnvironmentSpec): boolean {
  return Object.values(spec.secrets ?? {}).some((value) => typeof value === 'string');
}

/**
 * The spec with references in the place of values; new values are sealed and stored.
 * @param before the references that the document has now.
 * @throws SdpError invalid_document for a reference to a value that was never stored.
 */
export async function storeSecrets(
  tx: Tx,
  keys: MasterKeys,
  owner: Owner,
  spec: EnvironmentSpec,
  before: Record<string, SecretReference>,
  at: string,
): Promise<EnvironmentSpec> {
  if (spec.secrets === undefined) return spec;
  // Entries, not assignment: a variable may be called __proto__.
  const secrets: [string, SecretReference][] = [];
  for (const [name, given] of Object.entries(spec.secrets)) {
    const stored =
      typeof given === 'string'
        ? await storeValue(tx, keys, { uid: owner.uid, name }, given, before[name], at)
        : await resolveReference(tx, owner, name, given, before[name]);
    secrets.push([name, stored]);
  }
  return { ...spec, secrets: Object.fromEntries(secrets) };
}

async function storeValue(
  tx: Tx,
  keys: MasterKeys,
  place: { uid: string; name: string },
  value: string,
  before: SecretReference | undefined,
  at: string,
): Promise<SecretReference> {
  const versions = await tx
    .selectFrom('secrets')
    .selectAll()
    .where('uid', '=', place.uid)
    .where('name', '=', place.name)
    .orderBy('version', 'desc')
    .execute();
  const current = versions.find((row) => row.version === before?.version);
  if (current !== undefined && holds(keys, current, value)) return reference(current);
  const version = (versions[0]?.version ?? 0) + 1;
  const row = { ...place, version, updatedAt: at, sealed: seal(keys, { ...place, version }, value) };
  await tx.insertInto('secrets').values(row).execute();
  return reference(row);
}

/** Whether the stored value is this one. One that cannot be read (its master key is lost) is replaced. */
function holds(keys: MasterKeys, row: SecretRow, value: string): boolean {
  try {
    return unseal(keys, row, row.sealed) === value;
  } catch {
    return false;
  }
}

/** Version of a reference that keeps the value that there is, whichever it is. */
const STORED = 0;

async function resolveReference(
  tx: Tx,
  owner: Owner,
  name: string,
  given: SecretReference,
  before: SecretReference | undefined,
): Promise<SecretReference> {
  if (given.version === STORED && before !== undefined) return before;
  const row = given.version === STORED ? await newestRow(tx, owner.uid, name) : await secretRow(tx, owner.uid, name, given.version);
  if (row !== undefined) return reference(row);
  if (given.version === STORED) {
    throw new SdpError('invalid_document', `Secret "${name}" of environment "${owner.name}" has no value here that could be kept.`, {
      hint: 'Give the value itself.',
    });
  }
  throw new SdpError(
    'invalid_document',
    `Secret "${name}" of environment "${owner.name}" refers to version ${given.version}, but no such value is stored.`,
    { hint: 'Give the value itself.' },
  );
}

/** Plain values by name. @throws SdpError unavailable when one cannot be decrypted */
export async function openSecrets(
  db: Db,
  keys: MasterKeys,
  owner: Owner,
  spec: EnvironmentSpec,
): Promise<Record<string, string>> {
  const values: [string, string][] = [];
  for (const [name, given] of Object.entries(spec.secrets ?? {})) {
    const row = typeof given === 'string' ? undefined : await secretRow(db, owner.uid, name, given.version);
    if (row === undefined) {
      throw new SdpError(
        'unavailable',
        `The value of secret "${name}" of environment "${owner.name}" is missing from the store.`,
        {
          hint: 'Set the secret again.',
        },
      );
    }
    values.push([name, unseal(keys, row, row.sealed)]);
  }
  return Object.fromEntries(values);
}

/** Plain values of the versions that are stored. @throws SdpError unavailable when one cannot be decrypted */
export async function valuesOf(
  db: Db,
  keys: MasterKeys,
  uid: string,
  references: Readonly<Record<string, SecretReference>>,
): Promise<Record<string, string>> {
  const values: [string, string][] = [];
  for (const [name, { version }] of Object.entries(references)) {
    const row = await secretRow(db, uid, name, version);
    if (row !== undefined) values.push([name, unseal(keys, row, row.sealed)]);
  }
  return Object.fromEntries(values);
}

/** Seals values under the place that an imported snapshot names. */
export async function keepSecrets(tx: Tx, keys: MasterKeys, kept: readonly KeptSecret[], at: string): Promise<void> {
  for (const { value, ...place } of kept) {
    await tx.insertInto('secrets').values({ ...place, updatedAt: at, sealed: seal(keys, place, value) }).execute();
  }
}

async function newestRow(db: Db, uid: string, name: string): Promise<SecretRow | undefined> {
  return await db.selectFrom('secrets').selectAll().where('uid', '=', uid).where('name', '=', name).orderBy('version', 'desc').executeTakeFirst();
}

async function secretRow(db: Db, uid: string, name: string, version: number): Promise<SecretRow | undefined> {
  return await db
    .selectFrom('secrets')
    .selectAll()
    .where('uid', '=', uid)
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst();
}

function reference(row: SecretRow): SecretReference {
  return { version: row.version, updatedAt: row.updatedAt };
}
