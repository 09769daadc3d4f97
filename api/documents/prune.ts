/** What a folder leaves out of its scope goes: `apply --prune`. */
import { AUTHORED_KINDS, type Kind, type StoredDocument } from '#schema/documents';
import { SdpError, type Finding } from '#schema/errors';
import { slugOf } from '#schema/names';
import { formatPosition } from '#schema/parse/validate-draft';
import type { DocumentStore, Removal, Write } from '#specs/store';
import type { Locate } from './locate.ts';
import { selects, selectorWords, type Selector } from './selector.ts';

/** What refers to others goes first. */
const ORDER: readonly Kind[] = ['Route', 'Sandbox', 'Template', 'Environment', 'Service'];

export interface PruneOptions {
  selector: Selector;
  locate?: Locate | undefined;
  /** `sandbox/NAME` of what somebody agreed to. */
  expected?: readonly string[] | undefined;
}

export const reference = (kind: Kind, name: string): string => `${kind.toLowerCase()}/${name}`;

/**
 * Documents of the scope that the writes do not have, in the order in which they can go.
 * @throws SdpError invalid_document for a document outside of the scope, invalid_request where everything would go,
 * conflict where something else would go than was agreed to
 */
export async function removalsOf(store: Pick<DocumentStore, 'list'>, writes: readonly Write[], options: PruneOptions): Promise<Removal[]> {
  const { selector, locate, expected } = options;
  assertWithin(writes, selector, locate);
  const kept = new Set(writes.map(({ draft }) => `${draft.kind}/${slugOf(draft.metadata.name)}`));
  const scope: StoredDocument[] = [];
  for (const kind of AUTHORED_KINDS) {
    for (const document of await store.list(kind)) {
      if (document.metadata.deletedAt === undefined && selects(selector, document.metadata.labels)) scope.push(document);
    }
  }
  const leaving = scope.filter(({ kind, metadata }) => !kept.has(`${kind}/${metadata.slug}`));
  if (writes.length === 0 || (scope.length > 0 && leaving.length === scope.length)) throw everything(selector, scope.length);
  const sandboxes = new Set(leaving.filter(({ kind }) => kind === 'Sandbox').map(({ metadata }) => metadata.slug));
  const removals = leaving
    // A Route goes with its sandbox.
    .filter(({ kind, metadata }) => kind !== 'Route' || !sandboxes.has(metadata.slug))
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
    .map(({ kind, metadata }) => ({ kind, name: metadata.name }));
  assertExpected(removals, expected);
  return removals;
}

function assertWithin(writes: readonly Write[], selector: Selector, locate: Locate | undefined): void {
  const words = selectorWords(selector);
  const findings = writes.flatMap(({ draft }, index): Finding[] => {
    if (selects(selector, draft.metadata.labels)) return [];
    const message = `${reference(draft.kind, draft.metadata.name)} is outside of the scope ${words}.`;
    return [{ ...locate?.(index, ['metadata', 'labels']), path: 'metadata.labels', message }];
  });
  const first = findings[0];
  if (first === undefined) return;
  const more = findings.length === 1 ? '' : ` (and ${findings.length - 1} more)`;
  throw new SdpError('invalid_document', `${formatPosition(first)}${first.message}${more}`, {
    hint: `Give it the label ${words}, or move it out of the folder.`,
    findings,
  });
}

function everything(selector: Selector, count: number): SdpError {
  return new SdpError('invalid_request', `Nothing of the scope ${selectorWords(selector)} is in the folder: all ${count} documents would be deleted.`, {
    hint: 'Check folder and label. To delete them all, use `sdp delete`.',
  });
}

function assertExpected(removals: readonly Removal[], expected: readonly string[] | undefined): void {
  if (expected === undefined) return;
  const agreed = new Set(expected);
  const others = removals.map(({ kind, name }) => reference(kind, name)).filter((name) => !agreed.has(name));
  if (others.length === 0) return;
  throw new SdpError('conflict', `Meanwhile ${others.slice(0, 5).join(', ')} would be deleted too.`, { hint: 'Look at the plan again.' });
}
