/** Builds commits into images: each once, a few at a time, offline (DESIGN 6). */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentConfig, Builder, ImageMaker, RepositoryConfig } from '../contract.ts';
import { SdpError } from '#schema/errors';
import { imageRef, slugOf } from '#schema/names';
import type { LocalRepositories } from '../git/repositories.ts';
import { runBuildJob } from './build-job.ts';
import { goEnv, goFolders } from './go-env.ts';
import { installedGo } from './go-version.ts';
import { currentBuildHash, observeRepository, type Surroundings } from './observe.ts';
import { requireImages } from './preflight.ts';
import { createSingleFlight } from './single-flight.ts';
import { createTurns } from './turns.ts';

export interface BuilderOptions {
  config: Pick<AgentConfig, 'dataDir' | 'repositories' | 'images' | 'build'>;
  git: LocalRepositories;
  images: ImageMaker;
  /** Such as `go1.19.8`; default: asked of the node's own go each time. */
  goVersion?: string;
  /** Put on every image, beside its commit. */
  labels?: Record<string, string>;
  /** Free disk that a build needs (bytes); default 512 MiB. */
  minFreeBytes?: number;
  /** Where Go modules are looked for; default: the module cache of the user that the agent runs as. */
  moduleCache?: string;
}

interface Built {
  image: string;
  imageId: string;
  cached: boolean;
}

export function createBuilder(options: BuilderOptions): Builder {
  const { config, git, images } = options;
  const workRoot = join(config.dataDir, 'build');
  const host = goFolders(config.dataDir);
  const folders = { ...host, modules: options.moduleCache ?? host.modules };
  const turns = createTurns(config.build.concurrency);
  const flights = createSingleFlight<Built>();
  // What an agent that was killed left behind.
  const cleaned = rm(workRoot, { recursive: true, force: true });
  cleaned.catch(() => undefined);

  async function goVersion(): Promise<string | undefined> {
    if (options.goVersion !== undefined) return options.goVersion;
    try {
      return await installedGo(goEnv({ cgo: false }, folders, '/nonexistent'));
    } catch (error) {
      if (error instanceof SdpError && error.code === 'unavailable') return undefined;
      throw error;
    }
  }

  async function surroundings(needsGo: boolean): Promise<Surroundings> {
    return { git, images, runtimeImage: config.images.runtime, goVersion: needsGo ? await goVersion() : undefined };
  }

  function configOf(repository: string): RepositoryConfig {
    const found = config.repositories.find((each) => slugOf(each.name) === slugOf(repository));
    if (found !== undefined) return found;
    throw new SdpError('unknown_repository', `This node has no repository "${repository}".`);
  }

  /** @throws SdpError precondition_failed, missing_base_image, unavailable */
  async function admit(repository: RepositoryConfig, job: { commit: string; image: string }): Promise<Surroundings> {
    const around = await surroundings(repository.build.kind === 'go');
    if (repository.build.kind === 'go' && around.goVersion === undefined) {
      throw new SdpError('go_version', `Go is not installed on this node, and "${repository.name}" is built with it.`, {
        hint: "Install Go on the node (it has to be on the agent's PATH).",
      });
    }
    const { hash, missingBase } = await currentBuildHash(repository, around);
    if (missingBase !== undefined) await requireImages(repository.name, [missingBase], images);
    const current = imageRef(repository.name, job.commit, hash);
    if (current === job.image) return around;
    throw new SdpError(
      'precondition_failed',
      `"${repository.name}" would be built as ${current} now, not as ${job.image}: its build configuration, Go or base image changed.`,
      {
        hint: 'Nothing is to be done: the next plan uses the new name.',
      },
    );
  }

  return {
    async observe() {
      const around = await surroundings(config.repositories.some(({ build }) => build.kind === 'go'));
      return Promise.all(config.repositories.map((each) => observeRepository(each, around)));
    },

    async build(job, reporter, signal) {
      const repository = configOf(job.repository);
      const present = await images.imageId(job.image);
      if (present !== undefined) return { image: job.image, imageId: present, cached: true };

      return flights.join(job.image, reporter, signal, async (all, stop) => {
        const around = await admit(repository, job);
        await cleaned;
        if (turns.busy()) all.log('BUILD', 'Waiting for a free place: this node builds as much as it may...');
        return turns.take(async () => {
          const imageId = await runBuildJob({
            config: repository,
            repositories: config.repositories,
            git,
            images,
            runtimeImage: config.images.runtime,
            folders,
            goVersion: around.goVersion,
            labels: options.labels ?? {},
            workRoot,
            dataDir: config.dataDir,
            job,
            reporter: all,
            signal: stop,
            ...(options.minFreeBytes === undefined ? {} : { minFreeBytes: options.minFreeBytes }),
          });
          return { image: job.image, imageId, cached: false };
        }, stop);
      });
    },
  };
}
