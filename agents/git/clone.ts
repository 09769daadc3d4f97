/** The agent's own bare clone of a repository: made once, then kept fit for use. */
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { slugOf } from '#schema/names';
import { endOrphans, removeLeftovers } from './leftovers.ts';
import { createMutex } from './mutex.ts';
import { runLocalGit } from './run-git.ts';

export interface Clone {
  gitDir: string;
  exists(): Promise<boolean>;
  /** Writes happen in here, one at a time; the clone is there and free of what a killed git left. */
  writing<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** @param gitRoot folder of all clones of this agent */
export function createClone(gitRoot: string, repository: string): Clone {
  const gitDir = join(gitRoot, `${slugOf(repository)}.git`);
  const lock = createMutex();
  let orphansEnded = false;

  const exists = (): Promise<boolean> =>
    access(join(gitDir, 'HEAD')).then(
      () => true,
      () => false,
    );

  async function prepare(): Promise<void> {
    if (!orphansEnded) await endOrphans(gitDir);
    orphansEnded = true;
    if (await exists()) {
      await removeLeftovers(gitDir);
      return;
    }
    const temporary = `${gitDir}.partial`;
    await mkdir(gitRoot, { recursive: true, mode: 0o700 });
    await rm(temporary, { recursive: true, force: true });
    await runLocalGit({ args: ['init', '--bare', '--quiet', '--template=', '--', temporary], cwd: gitRoot });
    await rename(temporary, gitDir);
  }

  return {
    gitDir,
    exists,
    writing: (work, signal) =>
      lock(async () => {
        await prepare();
        return work();
      }, signal),
  };
}
