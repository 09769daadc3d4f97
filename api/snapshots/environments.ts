/** Environments of a snapshot beside those that there are now. */
import { isDeepStrictEqual } from 'node:util';
import type { CapturedDocument, EnvironmentSpec, SecretReference, StoredDocument } from '#schema/documents';
import type { Store } from '#specs/store';

/** One environment of a snapshot, and what it takes to have it again. */
export interface EnvironmentAgain {
  was: CapturedDocument<EnvironmentSpec>;
  /** The one of that name now. */
  now: StoredDocument<'Environment'> | undefined;
  /** Whether what there is now has the same contents, secret values included. */
  equal: boolean;
  /** Values of its secrets that this installation has. */
  values: Record<string, string>;
  /** Secret values that the present environment has. */
  present: Record<string, string>;
  /** Secrets whose value at that time this installation does not have: the present one takes its place. */
  missing: string[];
}

export function referencesOf(spec: EnvironmentSpec): Record<string, SecretReference> {
  return Object.fromEntries(Object.entries(spec.secrets ?? {}).filter((entry): entry is [string, SecretReference] => typeof entry[1] !== 'string'));
}

const openPart = ({ variables = {}, files = {} }: EnvironmentSpec): unknown => ({ variables, files });

/** @throws SdpError unavailable when a value cannot be decrypted */
export async function environmentAgain(store: Pick<Store, 'get' | 'secretValues'>, was: CapturedDocument<EnvironmentSpec>): Promise<EnvironmentAgain> {
  const now = await store.get('Environment', was.name);
  const references = referencesOf(was.spec);
  const values = await store.secretValues(was.uid, references);
  const present = now === undefined ? {} : await store.secretValues(now.metadata.uid, referencesOf(now.spec));
  const missing = Object.keys(references).filter((name) => !Object.hasOwn(values, name));
  const equal =
    now !== undefined &&
    isDeepStrictEqual(openPart(now.spec), openPart(was.spec)) &&
    // What is missing is taken from what there is.
    isDeepStrictEqual(Object.keys(present).sort(), Object.keys(references).sort()) &&
    // A secret may be called `constructor`.
    Object.entries(values).every(([name, value]) => Object.hasOwn(present, name) && present[name] === value);
  return { was, now, equal, values, present, missing };
}

/**
 * The spec as it was, for the environment of that name or for a copy: secrets of the same document by their versions,
 * those of another by value, and what is not there as the present document has it.
 * @returns `lacking`: secrets that nobody here has a value of
 */
export function specAgain({ was, now, values, present }: EnvironmentAgain, copy: boolean): { spec: EnvironmentSpec; lacking: string[] } {
  const lacking: string[] = [];
  const secrets: [string, string | SecretReference][] = [];
  for (const [name, reference] of Object.entries(referencesOf(was.spec))) {
    const found = Object.hasOwn(values, name);
    const value = found ? values[name] : Object.hasOwn(present, name) ? present[name] : undefined;
    if (value === undefined) lacking.push(name);
    else secrets.push([name, found && !copy && now?.metadata.uid === was.uid ? reference : value]);
  }
  const { secrets: _was, ...rest } = was.spec;
  return { spec: was.spec.secrets === undefined ? rest : { ...rest, secrets: Object.fromEntries(secrets) }, lacking };
}
