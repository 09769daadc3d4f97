/**
 * "Deploy": resolve branches anew. The wish is a row beside the resolutions, written in the same transaction as the
 * revision that it makes: it survives later edits of the document, and re-applying the same file stays "unchanged".
 */
import { slugOf } from '#schema/names';
import type { Draft, StoredDocument } from '#schema/documents';
import type { Resolution } from '#schema/records';
import type { CarriedResolution, Write } from '#specs/store';
import { SdpError } from '#schema/errors';
import { GATEWAY_SERVICE } from '#schema/names';

/** Not a service name (names have no colon), so that readers who look rows up by service never meet one. */
const PREFIX = 'deploy:';

/** The row that asks for a new resolution of this service, from the generation on in which it is written. */
export function requestRow(service: string): CarriedResolution {
  return {
    service: `${PREFIX}${service}`,
    repository: '',
    branch: '',
    commit: '',
    subject: '',
    author: '',
    authoredAt: '',
  };
}

/** Newest request for a service, if any; `resolvedBy` is who asked, empty when SDP noted that the service left. */
export function requestOf(resolutions: readonly Resolution[], service: string): Resolution | undefined {
  let newest: Resolution | undefined;
  for (const row of resolutions) {
    if (row.service !== `${PREFIX}${service}`) continue;
    if (!newest || row.generation >= newest.generation) newest = row;
  }
  return newest;
}

/** Whether a row is a resolution proper, and not a request. */
export function isResolution(row: Resolution): boolean {
  return row.commit !== '' && !row.service.startsWith(PREFIX);
}

/**
 * The write that `deploy` makes: an equal spec, a new generation, and a request per service.
 * Services are given by name in any case; none means all with a branch, the gateway included.
 * @throws SdpError route_without_branch when a named service does not run in this sandbox.
 */
export function deployDraft(document: StoredDocument<'Sandbox'>, services?: readonly string[]): Write {
  const running = new Set<string>([GATEWAY_SERVICE]);
  for (const [name, service] of Object.entries(document.spec.services ?? {})) {
    if (service.branch !== undefined || service.commit !== undefined) running.add(slugOf(name));
  }
  const asked = services === undefined || services.length === 0 ? [...running] : services.map((name) => slugOf(name));
  for (const service of asked) {
    if (!running.has(service)) {
      throw new SdpError(
        'route_without_branch',
        `${service} has no branch in sandbox ${document.metadata.name}, so there is nothing to deploy.`,
        { hint: 'Give the service a branch first.' },
      );
    }
  }
  const { name, labels, annotations, resourceVersion } = document.metadata;
  const draft: Draft<'Sandbox'> = {
    apiVersion: document.apiVersion,
    kind: 'Sandbox',
    metadata: {
      name,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      resourceVersion,
    },
    spec: document.spec,
  };
  return { draft, bump: true, resolutions: [...new Set(asked)].sort().map(requestRow) };
}
