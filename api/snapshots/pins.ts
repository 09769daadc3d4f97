/** Which commits and images a sandbox is at. Pure. */
import type { PinnedCommit, PinnedImage, SandboxSpec, Unpinned } from '#schema/documents';
import { GATEWAY_SERVICE, imageRef, slugOf } from '#schema/names';
import type { Resolution } from '#schema/records';
import type { FleetNode } from '#reconciler/contract';
import type { Catalogue } from '#reconciler/desired/environments-of';
import { newestResolution } from '#reconciler/desired/resolution';
import { hasBranch } from '../documents/reference-mistake.ts';

interface Asked {
  service: string;
  /** Left out: whatever the installation's default is. */
  repository: string | undefined;
  branch: string | undefined;
  commit: string | undefined;
}

function asked(spec: SandboxSpec, catalogue: Catalogue): Asked[] {
  const { repository, branch, commit } = spec.gateway ?? {};
  const services = Object.entries(spec.services ?? {}).filter(([, service]) => hasBranch(service));
  return [
    { service: GATEWAY_SERVICE, repository, branch, commit },
    ...services.map(([name, service]) => {
      const slug = slugOf(name);
      return { service: slug, repository: catalogue.get(slug)?.spec.repository ?? slug, branch: service.branch, commit: service.commit };
    }),
  ];
}

/** The commit of each service that has one, and why the others have none. */
export function pinsOf(spec: SandboxSpec, catalogue: Catalogue, resolutions: readonly Resolution[]): { commits: PinnedCommit[]; unpinned: Unpinned[] } {
  const commits: PinnedCommit[] = [];
  const unpinned: Unpinned[] = [];
  for (const { service, repository, branch, commit } of asked(spec, catalogue)) {
    const newest = newestResolution(resolutions, service);
    if (commit !== undefined) {
      const known = newest?.commit === commit ? newest : undefined;
      commits.push({ service, repository: repository ?? newest?.repository ?? service, branch: branch ?? '', commit, subject: known?.subject ?? '', author: known?.author ?? '', authoredAt: known?.authoredAt ?? '' });
    } else if (newest === undefined) {
      unpinned.push({ service, reason: `${branch === undefined ? 'its branch' : `its branch ${branch}`} was never fetched` });
    } else if ((repository !== undefined && newest.repository !== repository) || (branch !== undefined && newest.branch !== branch)) {
      unpinned.push({ service, reason: `its branch was changed to ${branch ?? 'another'}, which was not fetched yet` });
    } else {
      const { subject, author, authoredAt } = newest;
      commits.push({ service, repository: newest.repository, branch: newest.branch, commit: newest.commit, subject, author, authoredAt });
    }
  }
  return { commits, unpinned };
}

/** Images of these commits that nodes report, each once per engine. */
export function imagesOf(commits: readonly PinnedCommit[], fleet: readonly FleetNode[]): PinnedImage[] {
  const seen = new Set<string>();
  const found: PinnedImage[] = [];
  for (const { service, repository, commit } of commits) {
    const prefix = imageRef(repository, commit, '');
    for (const { hello, state } of fleet) {
      for (const { ref, id } of state?.images ?? []) {
        const key = `${service} ${hello.engine.id} ${ref}`;
        if (!ref.startsWith(prefix) || seen.has(key)) continue;
        seen.add(key);
        found.push({ service, node: hello.node.name, ref, id });
      }
    }
  }
  return found;
}
