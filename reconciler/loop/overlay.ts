/** The stored documents with drafts laid over them, as a preview sees them. */
import type { Draft, EnvironmentSpec, Kind, StoredDocument } from '#schema/documents';
import { slugOf } from '#schema/names';
import { canonicalJson } from '../canonical.ts';
import type { DocumentReader } from './read-inputs.ts';

export function overlay(base: DocumentReader, drafts: readonly Draft[], user: string, at: string): DocumentReader {
  const laid = new Map<string, Draft>(drafts.map((draft) => [`${draft.kind}/${slugOf(draft.metadata.name)}`, draft]));
  async function get<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K> | undefined> {
    const slug = slugOf(name);
    const stored = await base.get(kind, slug);
    const draft = laid.get(`${kind}/${slug}`);
    return draft ? (storedFrom(draft, stored as StoredDocument | undefined, user, at) as StoredDocument<K>) : stored;
  }
  return {
    get,
    async list(kind) {
      const stored = await base.list(kind);
      const slugs = new Set(stored.map((document) => document.metadata.slug));
      for (const draft of drafts) if (draft.kind === kind) slugs.add(slugOf(draft.metadata.name));
      const found = await Promise.all([...slugs].sort().map((slug) => get(kind, slug)));
      return found.flatMap((document) => (document ? [document] : []));
    },
    currentVersion: () => base.currentVersion(),
  };
}

function storedFrom(draft: Draft, stored: StoredDocument | undefined, user: string, at: string): StoredDocument {
  const spec = draft.kind === 'Environment' ? withReferences(draft.spec, stored) : draft.spec;
  const equal = stored !== undefined && canonicalJson(stored.spec) === canonicalJson(spec);
  if (equal) return stored;
  const former = stored?.metadata;
  const metadata: StoredDocument['metadata'] = {
    name: draft.metadata.name,
    uid: former?.uid ?? `preview-${draft.kind}-${slugOf(draft.metadata.name)}`,
    slug: slugOf(draft.metadata.name),
    generation: (former?.generation ?? 0) + 1,
    resourceVersion: former?.resourceVersion ?? 0,
    revision: (former?.revision ?? 0) + 1,
    createdAt: former?.createdAt ?? at,
    createdBy: former?.createdBy ?? user,
    updatedAt: at,
    updatedBy: user,
    finalizers: former?.finalizers ?? [],
  };
  return { apiVersion: draft.apiVersion, kind: draft.kind, metadata, spec } as StoredDocument;
}

/** A new value of a secret counts as its next version: whether it equals the stored one is not for a preview to say. */
function withReferences(spec: EnvironmentSpec, stored: StoredDocument | undefined): EnvironmentSpec {
  const before = stored?.kind === 'Environment' ? stored.spec.secrets : undefined;
  if (!spec.secrets) return spec;
  const secrets = Object.entries(spec.secrets).map(([name, secret]) => {
    const old = before?.[name];
    const version = typeof old === 'object' ? old.version : 0;
    if (typeof secret === 'string') return [name, { version: version + 1 }] as const;
    // An earlier version may be asked for by its number.
    return [name, secret.version === version && old !== undefined ? old : secret] as const;
  });
  return { ...spec, secrets: Object.fromEntries(secrets) };
}
