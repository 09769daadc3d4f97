/** Snapshots to a file and from one. */
import { randomUUID } from 'node:crypto';
import { API_VERSION, type SnapshotSpec, type StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { validateDraft } from '#schema/parse/parse-documents';
import type { KeptSecret } from '#specs/store';
import { referencesOf } from './environments.ts';
import { readFileText, readFileWithoutSecrets, writeFileText, type SecretValues } from './file.ts';
import { assertFreeName, type SnapshotDeps } from './snapshot-service.ts';

/**
 * @param passphrase seals the secrets; left out: they are left out
 * @throws SdpError unavailable when a value is not here: an export that lacks one would be found out too late
 */
export async function exportSnapshot({ store }: Pick<SnapshotDeps, 'store'>, { metadata, spec }: StoredDocument<'Snapshot'>, passphrase: string | undefined): Promise<string> {
  if (passphrase === undefined) return writeFileText(metadata.name, spec, undefined);
  const values: SecretValues = {};
  for (const environment of spec.environments) {
    const references = referencesOf(environment.spec);
    const found = await store.secretValues(environment.uid, references);
    const missing = Object.keys(references).filter((name) => !Object.hasOwn(found, name));
    if (missing.length > 0) {
      throw new SdpError('unavailable', `This installation has no value of ${missing.join(', ')} of environment ${environment.name}: the snapshot came here without secrets.`, {
        hint: 'Export it with --without-secrets.',
      });
    }
    values[environment.name] = found;
  }
  return writeFileText(metadata.name, spec, { values, passphrase });
}

export interface ImportOptions {
  file: string;
  /** Another name than the file's. */
  as?: string;
  passphrase?: string;
  withoutSecrets: boolean;
  user: string;
}

/**
 * Makes a snapshot of this installation from a file; nothing is made when anything is wrong with it.
 * @returns `missing`: secrets that came without a value, as `environment/NAME`
 * @throws SdpError what `readFileText` throws, name_taken
 */
export async function importSnapshot(deps: SnapshotDeps, request: ImportOptions): Promise<{ document: StoredDocument<'Snapshot'>; missing: string[] }> {
  const { store, clock } = deps;
  const { user, file, as, passphrase } = request;
  const read = request.withoutSecrets ? await readFileWithoutSecrets(file) : await readFileText(file, passphrase);
  const name = as ?? read.name;
  await assertFreeName(store, name);
  const { spec, secrets } = settled(read.snapshot, read.values ?? {});
  const imported = { ...spec, importedAt: new Date(clock.now()).toISOString(), importedBy: user };
  const draft = validateDraft({ apiVersion: API_VERSION, kind: 'Snapshot', metadata: { name, resourceVersion: 0 }, spec: imported });
  const [written] = await store.apply([{ draft, secrets }], { user, message: `Imported snapshot of ${spec.sandbox.name}` });
  const kept = new Set(secrets.map((secret) => `${secret.uid}/${secret.name}`));
  const missing = imported.environments.flatMap((environment) =>
    Object.keys(referencesOf(environment.spec)).filter((secret) => !kept.has(`${environment.uid}/${secret}`)).map((secret) => `${environment.name}/${secret}`),
  );
  return { document: written?.document as StoredDocument<'Snapshot'>, missing };
}

/** Environments under identities of their own, so that they are never taken for those of this installation. */
function settled(snapshot: SnapshotSpec, values: SecretValues): { spec: SnapshotSpec; secrets: KeptSecret[] } {
  const secrets: KeptSecret[] = [];
  const environments = snapshot.environments.map((environment) => {
    const uid = randomUUID();
    const own = values[environment.name] ?? {};
    for (const [name, { version }] of Object.entries(referencesOf(environment.spec))) {
      const value = Object.hasOwn(own, name) ? own[name] : undefined;
      if (value !== undefined) secrets.push({ uid, name, version, value });
    }
    return { ...environment, uid };
  });
  return { spec: { ...snapshot, environments }, secrets };
}

