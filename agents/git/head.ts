/** The default branch of a clone: HEAD, set from what the server says. */
import type { CommitInfo } from '#schema/wire/commands';
import { branchCommit, commitInfo } from './refs.ts';
import { runLocalGit } from './run-git.ts';

/** The branch in `ls-remote --symref` output. */
export function defaultBranchIn(stdout: string): string | undefined {
  return /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(stdout)?.[1];
}

export async function writeHead(gitDir: string, branch: string, signal: AbortSignal): Promise<void> {
  await runLocalGit({ gitDir, args: ['symbolic-ref', 'HEAD', `refs/heads/${branch}`], signal });
}

/** Head of the default branch, or undefined while nothing was fetched. */
export async function readHead(
  gitDir: string,
  signal: AbortSignal,
): Promise<(CommitInfo & { branch: string }) | undefined> {
  const ref = (await runLocalGit({ gitDir, args: ['symbolic-ref', 'HEAD'], signal })).stdout.trim();
  const branch = ref.replace(/^refs\/heads\//, '');
  const commit = await branchCommit(gitDir, branch, signal);
  return commit === undefined ? undefined : { ...(await commitInfo(gitDir, commit, signal)), branch };
}
