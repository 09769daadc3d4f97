/** A rollback is a new revision with an old one's spec and commits: no fetch, no login, no build. Pure. */
import type { StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { Revision } from '#schema/http';
import type { Resolution } from '#schema/records';
import { validateDraft } from '#schema/parse/parse-documents';
import type { Write } from '#specs/store';
import { resolutionsAt } from './carried.ts';
import { draftOf } from './drafts.ts';
import { withoutEnded } from './faults.ts';

/**
 * A hold is a lock and no configuration: it stays as it is now. Faults that have ended do not come back.
 * @throws SdpError invalid_request when the revision is a deletion; invalid_document when the format has moved on
 */
export function rollbackWrite(document: StoredDocument, revision: Revision, resolutions: readonly Resolution[], now: number): Write {
  if (revision.deleted) {
    throw new SdpError('invalid_request', `Revision ${revision.revision} is a deletion.`, { hint: 'Choose the revision before it.' });
  }
  const old = validateDraft({ ...draftOf(document, document.spec, true), spec: revision.spec });
  if (old.kind === 'Route') return { draft: { ...old, spec: withoutEnded(old.spec, revision.at, now) } };
  if (document.kind !== 'Sandbox' || old.kind !== 'Sandbox') return { draft: old };
  const { hold: _old, ...spec } = old.spec;
  const draft = draftOf(document, document.spec.hold === undefined ? spec : { ...spec, hold: document.spec.hold }, true);
  // Equal specs may still differ in commits: `deploy` writes revisions with an equal spec.
  return { draft, bump: true, resolutions: resolutionsAt(resolutions, revision.generation) };
}
