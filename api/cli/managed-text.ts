/** Where a document comes from, whether somebody changed it past that, and who holds it. */
import type { Metadata, StoredDocument } from '#schema/documents';
import { age, paint } from './output.ts';

/** For a column of a table. */
export function managedWord({ managedBy }: Metadata): string {
  if (managedBy === undefined) return '';
  return managedBy.edited === undefined ? 'as applied' : 'edited by hand';
}

export function managedLine({ kind, metadata }: StoredDocument): string[] {
  const { managedBy, name } = metadata;
  if (managedBy === undefined) return [];
  const { source, revision, edited, applied } = managedBy;
  const from = `comes from ${source}${revision === undefined ? '' : `, ${revision.slice(0, 12)}`}`;
  if (edited === undefined) return [from];
  const since = `edited by hand since by ${edited.by}, ${age(edited.at)} ago: \`sdp diff ${kind.toLowerCase()}/${name} --rev ${applied}\``;
  return [from, paint('yellow', since)];
}

export function holdLine({ spec }: StoredDocument<'Sandbox'>): string[] {
  const { hold } = spec;
  if (hold === undefined || (hold.until !== undefined && Date.parse(hold.until) <= Date.now())) return [];
  const until = hold.until === undefined ? '' : ` until ${hold.until}`;
  return [paint('yellow', `held by ${hold.by}${until}${hold.reason === undefined ? '' : `: ${hold.reason}`}`)];
}
