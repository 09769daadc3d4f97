/** Resolutions that travel with a rollback or a clone, so that neither fetch nor login is needed (DESIGN 3). */
import type { Resolution } from '#schema/records';
import type { CarriedResolution } from '#specs/store';
import { isResolution } from '#reconciler/deploy-request';

/** Per service the newest that was valid at a generation. Pure. */
export function resolutionsAt(resolutions: readonly Resolution[], generation: number): CarriedResolution[] {
  const newest = new Map<string, Resolution>();
  for (const row of resolutions) {
    if (!isResolution(row) || row.generation > generation) continue;
    const held = newest.get(row.service);
    if (held === undefined || row.generation >= held.generation) newest.set(row.service, row);
  }
  return [...newest.values()].map(({ service, repository, branch, commit, subject, author, authoredAt }) => ({
    service,
    repository,
    branch,
    commit,
    subject,
    author,
    authoredAt,
  }));
}
