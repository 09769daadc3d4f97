/** Which commits and images are still needed, and by whom. Pure: what was not read must not be left out here. */
import type { StoredDocument } from '#schema/documents';
import { imageRef, slugOf } from '#schema/names';
import type { Resolution } from '#schema/records';
import type { FleetNode } from '../contract.ts';
import { isResolution } from '../deploy-request.ts';

/** Commits of one service whose images stay: the newest, and those that a rollback most likely asks for. */
export const KEPT_PER_SERVICE = 3;

export interface KeptInput {
  /** Those that wait for their deletion included: they still run. */
  sandboxes: readonly StoredDocument<'Sandbox'>[];
  /** Catalogue by slug. */
  catalogue: ReadonlyMap<string, StoredDocument<'Service'>>;
  /** By uid of the sandbox. */
  resolutions: ReadonlyMap<string, readonly Resolution[]>;
  snapshots: readonly StoredDocument<'Snapshot'>[];
  /** Of all sandboxes that there are or that can still be restored. */
  resolvedCommits: readonly { repository: string; commit: string }[];
  /** Repository of a gateway that names none. */
  gatewayRepository: string;
}

export interface Kept {
  /** Commits that stay pinned, by slug of the repository. */
  commits: Map<string, Set<string>>;
  /** Who needs the images of a commit, by `imagePrefix`. */
  images: Map<string, string[]>;
}

/** What the names of all images of one commit begin with. */
export const imagePrefix = (repository: string, commit: string): string => imageRef(repository, commit, '');

export function keptOf(input: KeptInput): Kept {
  const kept: Kept = { commits: new Map(), images: new Map() };
  for (const { repository, commit } of input.resolvedCommits) pin(kept, repository, commit);
  for (const sandbox of input.sandboxes) keepSandbox(kept, input, sandbox);
  for (const { metadata, spec } of input.snapshots) {
    for (const { repository, commit } of spec.commits) keep(kept, repository, commit, `snapshot ${metadata.name}`);
  }
  return kept;
}

function keepSandbox(kept: Kept, input: KeptInput, { metadata, spec }: StoredDocument<'Sandbox'>): void {
  const user = `sandbox ${metadata.name}`;
  const { gateway } = spec;
  if (gateway?.commit !== undefined) keep(kept, gateway.repository ?? input.gatewayRepository, gateway.commit, user);
  for (const [name, { commit }] of Object.entries(spec.services ?? {})) {
    if (commit !== undefined) keep(kept, input.catalogue.get(slugOf(name))?.spec.repository ?? name, commit, user);
  }
  const newest = (input.resolutions.get(metadata.uid) ?? []).filter(isResolution).sort((a, b) => b.generation - a.generation);
  const counted = new Map<string, Set<string>>();
  for (const { service, repository, commit } of newest) {
    pin(kept, repository, commit);
    const commits = counted.get(slugOf(service)) ?? new Set();
    counted.set(slugOf(service), commits);
    if (commits.size < KEPT_PER_SERVICE || commits.has(commit)) keep(kept, repository, commit, user);
    commits.add(commit);
  }
}

function pin({ commits }: Kept, repository: string, commit: string): void {
  const slug = slugOf(repository);
  const pinned = commits.get(slug) ?? new Set();
  commits.set(slug, pinned.add(commit));
}

function keep(kept: Kept, repository: string, commit: string, user: string): void {
  pin(kept, repository, commit);
  const prefix = imagePrefix(repository, commit);
  const users = kept.images.get(prefix) ?? [];
  if (!users.includes(user)) kept.images.set(prefix, [...users, user]);
}

/** Who needs an image; empty when nobody does. */
export function usersOfImage(kept: Kept, ref: string): string[] {
  const end = ref.lastIndexOf('-');
  return kept.images.get(ref.slice(0, end + 1)) ?? [];
}

/**
 * What a node is told to keep: images that its engine has or is about to get, and commits of its repositories.
 * @param onEngine all nodes of that engine, itself included: images belong to the engine
 */
export function keptOnNode(kept: Kept, { state }: FleetNode, onEngine: readonly FleetNode[]): { keepImages: string[]; keepCommits: Record<string, string[]> } {
  const images = onEngine.flatMap((node) => keptImages(kept, node));
  return {
    keepImages: [...new Set(images)].sort(),
    keepCommits: Object.fromEntries((state?.repositories ?? []).map(({ name }) => [name, [...(kept.commits.get(slugOf(name)) ?? [])].sort()])),
  };
}

function keptImages(kept: Kept, { state }: FleetNode): string[] {
  const present = (state?.images ?? []).map(({ ref }) => ref).filter((ref) => usersOfImage(kept, ref).length > 0);
  const coming = (state?.repositories ?? []).flatMap(({ name, buildHash }) =>
    [...(kept.commits.get(slugOf(name)) ?? [])].filter((commit) => kept.images.has(imagePrefix(name, commit))).map((commit) => imageRef(name, commit, buildHash)),
  );
  return [...present, ...coming];
}
