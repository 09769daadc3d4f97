/** Lays out a commit's tree without a worktree: a private index, a temporary folder, then a rename. */
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runLocalGit } from './run-git.ts';

/**
 * Modes and symbolic links are kept. `directory` must not exist; it is complete or absent.
 * @param commit full id of a commit that the clone has
 */
export async function exportCommit(
  gitDir: string,
  commit: string,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const temporary = `${directory}.partial`;
  const index = `${directory}.index`;
  const clean = (): Promise<unknown> =>
    Promise.all([temporary, index, `${index}.lock`].map((path) => rm(path, { recursive: true, force: true })));
  await clean();
  try {
    await mkdir(temporary);
    const call = { gitDir, cwd: temporary, env: { GIT_INDEX_FILE: index }, signal };
    await runLocalGit({ ...call, args: [`--work-tree=${temporary}`, 'read-tree', '--end-of-options', commit] });
    await runLocalGit({ ...call, args: [`--work-tree=${temporary}`, 'checkout-index', '--all', '--force'] });
    // Image builds read it as whoever they are.
    await chmod(temporary, 0o755);
    await rename(temporary, directory);
  } finally {
    await clean();
  }
}
