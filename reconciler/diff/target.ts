/** The container that a service should have on a node. */
import { imageRef } from '#schema/names';
import { desiredHash } from '../desired/hash.ts';
import type { NodeWorld, Target, WantedService, World } from '../model.ts';
import { nodesOfEngine } from '../observed/world.ts';

/** undefined when the node does not have the repository. */
export function targetOf(
  want: WantedService,
  source: { commit: string; branch: string },
  node: NodeWorld,
): Target | undefined {
  const repository = node.state?.repositories.find((item) => item.name === want.repository);
  if (!repository) return undefined;
  return {
    repository: want.repository,
    commit: source.commit,
    branch: source.branch,
    image: imageRef(want.repository, source.commit, repository.buildHash),
    hash: desiredHash(source.commit, repository.buildHash, want),
    build: repository.kind,
  };
}

/** Images belong to the engine: any agent on it may have reported them. */
export function hasImage(world: World, engine: string, image: string): boolean {
  return nodesOfEngine(world, engine).some(
    (node) => node.online && (node.state?.images.some((item) => item.ref === image) ?? false),
  );
}
