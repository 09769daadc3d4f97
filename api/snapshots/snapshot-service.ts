/** Taking and restoring snapshots. */
import { API_VERSION, type StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { RestoreRequest, RestoreResponse, SnapshotRequest } from '#schema/http';
import { slugOf } from '#schema/names';
import { validateDraft } from '#schema/parse/parse-documents';
import type { Clock, Fleet } from '#reconciler/contract';
import type { Store } from '#specs/store';
import type { DocumentService } from '../documents/document-service.ts';
import type { Changer } from '../documents/hold.ts';
import { capture } from './capture.ts';
import { defaultSnapshotName } from './default-name.ts';
import { restoration } from './restore.ts';

export interface SnapshotDeps {
  store: Store;
  hub: Pick<Fleet, 'nodes'>;
  documents: DocumentService;
  clock: Clock;
  installation: string;
}

/**
 * Keeps a sandbox as it is now, in one document.
 * @throws SdpError not_found, conflict, name_taken
 */
export async function takeSnapshot(deps: SnapshotDeps, sandbox: string, request: SnapshotRequest & { user: string }): Promise<StoredDocument<'Snapshot'>> {
  const { store, clock, installation } = deps;
  const { metadata } = await deps.documents.require('Sandbox', sandbox);
  const now = clock.now();
  const { user, message } = request;
  const about = { takenBy: user, takenAt: new Date(now).toISOString(), installation, fleet: deps.hub.nodes(), ...(message === undefined ? {} : { message }) };
  const spec = await store.look((view) => capture(view, metadata.name, about));
  const name = request.name ?? defaultSnapshotName(metadata.name, now);
  await assertFreeName(store, name);
  const draft = validateDraft({ apiVersion: API_VERSION, kind: 'Snapshot', metadata: { name, resourceVersion: 0 }, spec });
  const [written] = await store.apply([{ draft }], { user, message: message ?? `Snapshot of ${metadata.name}` });
  return written?.document as StoredDocument<'Snapshot'>;
}

/** @throws SdpError name_taken; the store checks again within its transaction */
export async function assertFreeName(store: Store, name: string): Promise<void> {
  slugOf(name);
  const taken = await store.get('Snapshot', name);
  if (taken === undefined) return;
  throw new SdpError('name_taken', `There is a snapshot "${taken.metadata.name}" already.`, { hint: 'Choose another name, or delete that one.' });
}

/**
 * Brings a snapshot back in one transaction: in place, or as a new sandbox.
 * @throws SdpError what `restoration` and `DocumentService.apply` throw
 */
export async function restoreSnapshot(
  deps: SnapshotDeps,
  snapshot: StoredDocument<'Snapshot'>,
  request: RestoreRequest & Changer & { dryRun: boolean },
): Promise<RestoreResponse> {
  const { user, force, dryRun } = request;
  const { sandbox, writes, shared, notes } = await restoration(deps.store, snapshot, { ...request, now: deps.clock.now() });
  const answer = await deps.documents.apply(writes, { user, ...(force === undefined ? {} : { force }), dryRun, message: `Restore of snapshot ${snapshot.metadata.name}` });
  return { ...answer, snapshot: snapshot.metadata.name, sandbox, shared, notes };
}
