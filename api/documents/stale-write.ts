/** A conflict told in full: which versions, whose, when, and what each of them changed. */
import type { Draft } from '#schema/documents';
import { SdpError, type StaleWrite, type WriteVersion } from '#schema/errors';
import type { RevisionView } from '#schema/http';
import type { DocumentStore, Write } from '#specs/store';
import { threeWay } from './three-way.ts';

type Reading = Pick<DocumentStore, 'get' | 'revision' | 'revisions'>;

/** The error as it was, or with every write that somebody has overtaken. Anything else passes as it is. */
export async function withStaleWrites(store: Reading, writes: readonly Write[], thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof SdpError) || thrown.code !== 'conflict') return thrown;
  const found = await Promise.all(writes.map(({ draft }) => staleWrite(store, draft)));
  const conflicts = found.filter((stale) => stale !== undefined);
  const first = conflicts[0];
  if (first === undefined) return thrown;
  return new SdpError('conflict', sentence(first, conflicts.length - 1), { hint: hintOf(first), conflicts, cause: thrown });
}

async function staleWrite(store: Reading, draft: Draft): Promise<StaleWrite | undefined> {
  const { kind, metadata } = draft;
  const copyOf = metadata.resourceVersion;
  if (copyOf === undefined) return undefined;
  const current = await store.get(kind, metadata.name);
  if (current?.metadata.resourceVersion === copyOf || current?.metadata.deletedAt !== undefined) return undefined;
  const newest = current?.metadata.revision ?? (await newestRevision(store, draft));
  if (newest === undefined) return undefined;
  const theirs = await store.revision(kind, metadata.name, { revision: newest });
  if (theirs === undefined) return undefined;
  const base = copyOf === 0 ? undefined : await store.revision(kind, metadata.name, { resourceVersion: copyOf });
  return {
    kind,
    name: current?.metadata.name ?? metadata.name,
    base: base === undefined ? { resourceVersion: copyOf } : versionOf(base),
    theirs: versionOf(theirs),
    fields: threeWay(base === undefined ? undefined : comparable(base), theirs.deleted ? undefined : comparable(theirs), draft),
  };
}

async function newestRevision(store: Reading, { kind, metadata }: Draft): Promise<number | undefined> {
  try {
    return (await store.revisions(kind, metadata.name))[0]?.revision;
  } catch (thrown) {
    if (thrown instanceof SdpError && thrown.code === 'not_found') return undefined;
    throw thrown;
  }
}

const comparable = ({ labels, annotations, spec }: RevisionView): { metadata: { labels: Record<string, string>; annotations: Record<string, string> }; spec: unknown } => ({
  metadata: { labels, annotations },
  spec,
});

function versionOf({ revision, resourceVersion, author, at, message, deleted }: RevisionView): WriteVersion {
  return { revision, resourceVersion, by: author, at, ...(message === '' ? {} : { message }), ...(deleted ? { deleted: true as const } : {}) };
}

/** `revision 7 (saved by eva at ..., resourceVersion 42)` */
export function versionWords(version: WriteVersion): string {
  const { revision, resourceVersion, by, at, deleted } = version;
  if (revision === undefined) return `resourceVersion ${resourceVersion}`;
  return `revision ${revision} (${deleted === true ? 'deleted' : 'saved'} by ${by ?? '?'} at ${at ?? '?'}, resourceVersion ${resourceVersion})`;
}

function sentence({ kind, name, base, theirs, fields }: StaleWrite, more: number): string {
  const others = more === 0 ? '' : ` ${more} more of these documents ${more === 1 ? 'was' : 'were'} overtaken too.`;
  if (base.resourceVersion === 0) return `${kind} "${name}" exists already, at ${versionWords(theirs)}.${others}`;
  const clashes = fields.filter((field) => field.verdict === 'conflicting').length;
  const said = clashes === 0 ? 'No field was changed by both.' : `${clashes} ${clashes === 1 ? 'field was' : 'fields were'} changed by both.`;
  return `${kind} "${name}" is at ${versionWords(theirs)}, your copy is of ${versionWords(base)}. ${said}${others}`;
}

function hintOf({ base, theirs }: StaleWrite): string {
  if (theirs.deleted === true) return 'Restore it, or leave resourceVersion out to create it anew.';
  if (base.resourceVersion === 0) return 'Choose another name, or change that one.';
  return 'Load it again, make your change there, and save.';
}
