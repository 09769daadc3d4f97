/** One build: export, preflight, compile, image; everything temporary is gone afterwards. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageMaker, Reporter, RepositoryConfig } from '../contract.ts';
import { SdpError } from '#schema/errors';
import { LABELS } from '#schema/names';
import type { PipelineEvent } from '#schema/states';
import type { LocalRepositories } from '../git/repositories.ts';
import { binaryIn, buildBinary, requireModules, type GoWork } from './go-binary.ts';
import { goEnv, type GoBuild, type GoFolders } from './go-env.ts';
import { findModule, readGoMod } from './go-module.ts';
import { requireGo } from './go-version.ts';
import { requireDisk, requireDockerfile, requireImages } from './preflight.ts';
import { siblingPlaces, TREE_DEPTH } from './siblings.ts';

/** Where a Go service's binary lies in its image. */
export const SERVICE_PATH = '/app/service';

export interface BuildContext {
  config: RepositoryConfig;
  repositories: readonly RepositoryConfig[];
  git: Pick<LocalRepositories, 'exportTree' | 'head'>;
  images: ImageMaker;
  runtimeImage: string;
  folders: GoFolders;
  goVersion: string | undefined;
  labels: Record<string, string>;
  /** Temporary folders are made in here. */
  workRoot: string;
  dataDir: string;
  minFreeBytes?: number;
  job: { repository: string; commit: string; image: string };
  reporter: Reporter;
  signal: AbortSignal;
}

/** Tells the beginning of a phase, and its end with how long it took. */
async function phase<T>(
  reporter: Reporter,
  started: PipelineEvent,
  completed: PipelineEvent,
  work: () => Promise<T>,
): Promise<T> {
  const at = Date.now();
  reporter.event(started);
  const result = await work();
  reporter.event(completed, { durationMs: Date.now() - at });
  return result;
}

const image = <T>(reporter: Reporter, work: () => Promise<T>): Promise<T> =>
  phase(reporter, 'IMAGE_STARTED', 'IMAGE_COMPLETED', work);

async function buildGo(context: BuildContext, build: GoBuild, root: string, tree: string): Promise<string> {
  const { config, reporter, signal, images, job } = context;
  const temporary = join(root, 'tmp');
  await mkdir(temporary);
  const env = goEnv(build, context.folders, temporary);
  const module = await findModule(config.name, tree, build.package);
  requireGo(config.name, module.text, context.goVersion ?? '');
  const goMod = await readGoMod(config.name, module.folder, env, signal);
  if (!module.vendored) {
    for (const place of siblingPlaces(goMod, {
      config,
      repositories: context.repositories,
      root,
      tree,
      module: module.folder,
    })) {
      const head = await context.git.head(place.repository.name, signal);
      reporter.log(
        'CHECKOUT',
        `Laying ${place.repository.name} beside: ${head.branch} at ${head.commit.slice(0, 12)} ${head.subject}`,
      );
      await context.git.exportTree(place.repository.name, head.commit, place.folder, signal);
    }
  }
  const work: GoWork = {
    repository: config.name,
    module,
    env,
    folders: context.folders,
    signal,
    log: (line) => reporter.log('BUILD', line),
  };
  await requireModules(work, goMod);

  const file = binaryIn(root);
  await phase(reporter, 'BUILD_STARTED', 'BUILD_COMPLETED', async () => {
    reporter.log(
      'BUILD',
      `${context.goVersion ?? 'go'} build ${module.target}${module.vendored ? ' with vendor/' : ''}...`,
    );
    await buildBinary(work, file);
  });
  return image(reporter, () => {
    reporter.log('IMAGE', `Making ${job.image} on ${context.runtimeImage}...`);
    return images.fromFile(
      { ref: job.image, base: context.runtimeImage, file, target: SERVICE_PATH, labels: context.labels },
      signal,
    );
  });
}

async function buildDockerfile(context: BuildContext, file: string, directory: string): Promise<string> {
  const { config, reporter, signal, images, job, labels } = context;
  await requireDockerfile(config.name, directory, file, images);
  const id = await phase(reporter, 'BUILD_STARTED', 'BUILD_COMPLETED', () => {
    reporter.log('BUILD', `Building ${file} without a network...`);
    return images.fromDockerfile(
      { ref: job.image, directory, file, labels },
      (line) => reporter.log('BUILD', line),
      signal,
    );
  });
  return image(reporter, async () => {
    const made = await images.imageId(job.image);
    if (made !== undefined) return made;
    throw new SdpError(
      'engine_failed',
      `The engine built ${id} for "${config.name}" and does not know it as ${job.image}.`,
    );
  });
}

function makeImage(context: BuildContext, root: string, tree: string): Promise<string> {
  const { build } = context.config;
  const { job, images, signal, reporter, labels } = context;
  switch (build.kind) {
    case 'go':
      return buildGo(context, build, root, tree);
    case 'dockerfile':
      return buildDockerfile(context, build.file, tree);
    case 'copy':
      return image(reporter, () => {
        reporter.log('IMAGE', `Laying the sources on ${build.base}...`);
        return images.fromDirectory(
          { ref: job.image, base: build.base, directory: tree, target: build.target, labels },
          signal,
        );
      });
  }
}

/** Id of the image that was made. @throws SdpError as `Builder.build` */
export async function runBuildJob(given: BuildContext): Promise<string> {
  const { config, job, reporter, signal } = given;
  const context = { ...given, labels: { ...given.labels, [LABELS.commit]: job.commit } };
  await requireDisk(context.dataDir, context.minFreeBytes);
  if (config.build.kind === 'go') await requireImages(config.name, [context.runtimeImage], context.images);
  if (config.build.kind === 'copy') await requireImages(config.name, [config.build.base], context.images);

  await mkdir(context.workRoot, { recursive: true });
  const root = await mkdtemp(join(context.workRoot, 'build-'));
  try {
    const tree = join(root, ...TREE_DEPTH);
    await phase(reporter, 'CHECKOUT_STARTED', 'CHECKOUT_COMPLETED', async () => {
      reporter.log('CHECKOUT', `Exporting ${config.name} at ${job.commit.slice(0, 12)}...`);
      await context.git.exportTree(config.name, job.commit, tree, signal);
    });
    return await makeImage(context, root, tree);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
