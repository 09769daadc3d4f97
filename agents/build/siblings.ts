/** Relative `replace` lines that leave the source tree: allowed only where `build.with` names the sibling. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { RepositoryConfig } from '../contract.ts';
import { SdpError } from '#schema/errors';
import { slugOf } from '#schema/names';
import { isInside, type GoMod } from './go-module.ts';

/** The tree lies this deep, so that `../..` of a replace stays inside the build's own folder. */
export const TREE_DEPTH = ['1', '2', '3', '4', '5', '6', 'tree'] as const;

export interface SiblingPlace {
  repository: RepositoryConfig;
  /** Where its tree has to lie, absolute. */
  folder: string;
}

export interface Sources {
  config: RepositoryConfig;
  /** All repositories of this node. */
  repositories: readonly RepositoryConfig[];
  /** The build's own folder; nothing is laid outside of it. */
  root: string;
  /** The exported tree, and the module's folder in it. */
  tree: string;
  module: string;
}

/** The sibling that a path beside the tree leads to, and where that sibling's own root is. */
function siblingAt(path: string, sources: Sources, names: readonly string[]): SiblingPlace | undefined {
  const fromTree = relative(sources.tree, path);
  const steps = fromTree.split(sep);
  const ups = steps.findIndex((step) => step !== '..');
  if (ups < 1) return undefined;
  const candidates = sources.repositories.filter((each) => names.includes(slugOf(each.name)));
  // As on the operator's disk: checkouts lie beside each other.
  const onDisk = resolve(sources.config.path, fromTree);
  for (const repository of candidates) {
    const root = resolve(repository.path);
    if (isInside(root, onDisk))
      return { repository, folder: resolve(sources.tree, relative(resolve(sources.config.path), root)) };
  }
  const named = candidates.find((each) => slugOf(each.name) === steps[ups]?.toLowerCase());
  return named && { repository: named, folder: resolve(sources.tree, ...steps.slice(0, ups + 1)) };
}

/**
 * Where siblings have to be laid out, each once.
 * @throws SdpError outside_replace for a path that no sibling in `build.with` provides
 */
export function siblingPlaces(goMod: GoMod, sources: Sources): SiblingPlace[] {
  const { config, tree } = sources;
  const names = config.build.kind === 'go' ? config.build.with.map(slugOf) : [];
  const places = new Map<string, SiblingPlace>();
  for (const { Old, New } of goMod.Replace ?? []) {
    if (New.Version !== undefined) continue;
    const path = resolve(sources.module, New.Path);
    if (isInside(tree, path) && !isAbsolute(New.Path)) continue;
    const place = isAbsolute(New.Path) ? undefined : siblingAt(path, sources, names);
    if (place === undefined || !isInside(sources.root, place.folder) || isInside(place.folder, tree)) {
      throw new SdpError(
        'outside_replace',
        `The go.mod of "${config.name}" replaces ${Old.Path} by ${New.Path}, which is outside of its sources.`,
        {
          hint: isAbsolute(New.Path)
            ? 'Replace it by a relative path to a sibling repository, or commit vendor/.'
            : `Name the sibling repository in the agent's file (build: {with: [name]}); it has to be one of: ${sources.repositories
                .map((each) => each.name)
                .join(', ')}. Or commit vendor/.`,
        },
      );
    }
    places.set(place.folder, place);
  }
  return [...places.values()];
}
