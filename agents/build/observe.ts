/** What is reported of a repository: its build hash, and why it cannot be used from now. */
import type { ImageMaker, RepositoryConfig } from '../contract.ts';
import { SdpError } from '#schema/errors';
import type { ObservedRepository } from '#schema/wire/report';
import type { LocalRepositories } from '../git/repositories.ts';
import { buildHash } from './build-hash.ts';
import { missingBase } from './preflight.ts';

export interface Surroundings {
  git: Pick<LocalRepositories, 'originOf'>;
  images: Pick<ImageMaker, 'imageId'>;
  runtimeImage: string;
  /** Undefined when this node has no Go. */
  goVersion: string | undefined;
}

/** The base image that the agent itself lays something on. */
export function baseImageOf({ build }: RepositoryConfig, runtimeImage: string): string | undefined {
  switch (build.kind) {
    case 'go':
      return runtimeImage;
    case 'copy':
      return build.base;
    case 'dockerfile':
      return undefined;
  }
}

/** @throws when the engine cannot be asked: a hash without the base image's id would be another one */
export async function currentBuildHash(
  config: RepositoryConfig,
  around: Surroundings,
): Promise<{ hash: string; missingBase?: string }> {
  const base = baseImageOf(config, around.runtimeImage);
  const baseImageId = base === undefined ? undefined : await around.images.imageId(base);
  const hash = buildHash({ build: config.build, goVersion: around.goVersion, baseImageId });
  return base !== undefined && baseImageId === undefined ? { hash, missingBase: base } : { hash };
}

export async function observeRepository(config: RepositoryConfig, around: Surroundings): Promise<ObservedRepository> {
  const { hash, missingBase: base } = await currentBuildHash(config, around);
  const problems: string[] = [];
  let url: string | undefined;
  try {
    url = await around.git.originOf(config.name);
    if (url === undefined) problems.push(`the checkout ${config.path} has no remote "origin"`);
    else if (!/^https?:\/\//i.test(url)) problems.push(`the origin ${url} is not fetched over http or https`);
  } catch (error) {
    problems.push(SdpError.from(error).message);
  }
  if (config.build.kind === 'go' && around.goVersion === undefined) problems.push('Go is not installed on this node');
  if (base !== undefined) problems.push(`${missingBase(base)} (docker load -i FILE)`);
  return {
    name: config.name,
    path: config.path,
    kind: config.build.kind,
    buildHash: hash,
    ...(url === undefined ? {} : { url }),
    ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
  };
}
