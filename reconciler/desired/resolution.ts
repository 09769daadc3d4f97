/** Which commit a branch means: the newest resolution, unless somebody asked anew since. */
import { slugOf } from '#schema/names';
import type { Resolution } from '#schema/records';
import { isResolution, requestOf } from '../deploy-request.ts';
import type { Source } from '../model.ts';

/** Newest resolution proper of a service, whatever its branch. */
export function newestResolution(resolutions: readonly Resolution[], service: string): Resolution | undefined {
  let newest: Resolution | undefined;
  for (const row of resolutions) {
    if (!isResolution(row) || slugOf(row.service) !== service) continue;
    if (!newest || row.generation >= newest.generation) newest = row;
  }
  return newest;
}

/**
 * A branch is resolved again only when the service was added, its branch or repository changed, or somebody asked
 * with `deploy` after the newest resolution.
 * @param changedBy who wrote the newest revision: the fetch runs on their behalf, unless a request says another.
 */
export function resolveSource(
  wanted: { service: string; repository: string; branch: string },
  resolutions: readonly Resolution[],
  changedBy: string,
): Source {
  const newest = newestResolution(resolutions, wanted.service);
  const request = requestOf(resolutions, wanted.service);
  const asked = request?.generation ?? 0;
  const matches = newest?.repository === wanted.repository && newest.branch === wanted.branch;
  if (newest && matches && newest.generation >= asked) {
    return { kind: 'commit', commit: newest.commit, branch: newest.branch, subject: newest.subject };
  }
  const byRequest = request && asked > (newest?.generation ?? 0) && request.resolvedBy !== '';
  return {
    kind: 'fetch',
    key: `${wanted.repository}@${wanted.branch}#${asked}`,
    branch: wanted.branch,
    since: asked,
    askedBy: byRequest ? request.resolvedBy : changedBy,
    former: newest?.repository === wanted.repository ? newest : undefined,
  };
}
