/** Reasons to refuse a write. */
import type { Draft } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { DocumentRow } from '../tables.ts';
import type { Stage } from './stage.ts';

/** @throws SdpError name_taken, conflict */
export function checkWrite(stage: Stage, draft: Draft, slug: string, existing: DocumentRow | undefined): void {
  if (existing !== undefined) {
    checkSameName(draft, existing);
    checkNotDeleting(existing);
  }
  if (draft.kind === 'Route') checkSandboxStays(stage, slug);
  checkVersion(draft, existing);
}

/** Other letters of one case are the same name; another spelling that leads to the same slug is not. */
function checkSameName(draft: Draft, existing: DocumentRow): void {
  const { name } = draft.metadata;
  if (name.toLowerCase() === existing.name.toLowerCase()) return;
  throw new SdpError(
    'name_taken',
    `${draft.kind} "${name}" would be called "${existing.slug}" on nodes, which is what ${existing.kind} "${existing.name}" is called.`,
    { hint: `Choose another name, or write "${existing.name}" if you meant that one.` },
  );
}

function checkNotDeleting(existing: DocumentRow): void {
  if (existing.deletedAt === null) return;
  throw new SdpError(
    'conflict',
    `${existing.kind} "${existing.name}" is being deleted since ${existing.deletedAt}; it can no longer be changed.`,
    {
      hint: 'Wait until it is gone, then restore it or create it anew.',
    },
  );
}

/** A snapshot says what was: one that changes says nothing. @throws SdpError immutable */
export function checkMayChange(existing: DocumentRow): void {
  if (existing.kind !== 'Snapshot') return;
  throw new SdpError('immutable', `Snapshot "${existing.name}" was taken at ${existing.createdAt} and never changes.`, {
    hint: 'Take another one, or delete this one.',
  });
}

/** A Route goes with its sandbox, so a change to it now would be lost. */
function checkSandboxStays(stage: Stage, slug: string): void {
  const sandbox = stage.live('Sandbox', slug);
  if (sandbox !== undefined) checkNotDeleting(sandbox);
}

/** Compare-and-set. Version 0 means: only if there is none. */
function checkVersion(draft: Draft, existing: DocumentRow | undefined): void {
  const given = draft.metadata.resourceVersion;
  const what = `${draft.kind} "${draft.metadata.name}"`;
  if (given === undefined || given === (existing?.resourceVersion ?? 0)) return;
  if (existing === undefined) {
    throw new SdpError('conflict', `${what} does not exist now, but your copy is of resourceVersion ${given}.`, {
      hint: 'It was deleted meanwhile. Restore it, or leave resourceVersion out to create it anew.',
    });
  }
  throw new SdpError(
    'conflict',
    given === 0
      ? `${what} exists already, at resourceVersion ${existing.resourceVersion}.`
      : `${what} is at resourceVersion ${existing.resourceVersion} (saved by ${existing.updatedBy} at ${existing.updatedAt}), your copy is of ${given}.`,
    { hint: 'Load it again, make your change there, and save.' },
  );
}
