/** What people are told of documents that come from a folder or repository. Pure. */
import type { ManagedBy, StoredDocument } from '#schema/documents';
import type { FieldChange } from '#schema/http';
import type { Write, WriteResult } from '#specs/store';

/** `https://git.company.com/sandboxes.git at 3f1c8a5d0e9b` */
export function sourceWords({ source, revision }: Pick<ManagedBy, 'source' | 'revision'>): string {
  if (revision === undefined) return source;
  return `${source} at ${/^[0-9a-f]{40}/.test(revision) ? revision.slice(0, 12) : revision}`;
}

/** A hold is set here only, wherever the document comes from. */
const counts = ({ path }: FieldChange): boolean => path !== 'spec.hold' && !path.startsWith('spec.hold.');

/** What the person who writes has to know. */
export function managedWarnings(write: Pick<Write, 'managedBy'>, { before, document }: WriteResult, changes: readonly FieldChange[]): string[] {
  const former = before?.metadata.managedBy;
  if (former === undefined) return [];
  const what = `${document.kind.toLowerCase()}/${document.metadata.name}`;
  const changed = changes.some(counts);
  if (write.managedBy === undefined) return changed ? [`${what} comes from ${sourceWords(former)}: the next apply from there undoes this. Change it there.`] : [];
  if (write.managedBy.source !== former.source) return [`${what} came from ${sourceWords(former)} until now.`];
  const { edited } = former;
  return edited === undefined || !changed ? [] : [`${what} was edited by hand by ${edited.by} at ${edited.at}: this undoes that.`];
}

export function deletionWarnings({ kind, metadata }: StoredDocument): string[] {
  if (metadata.managedBy === undefined) return [];
  return [`${kind.toLowerCase()}/${metadata.name} came from ${sourceWords(metadata.managedBy)}: the next apply from there creates it anew.`];
}
