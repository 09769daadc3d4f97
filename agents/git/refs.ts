/** Reads branches and commits of a clone. */
import type { BranchInfo, CommitInfo } from '#schema/wire/commands';
import { SdpError } from '#schema/errors';
import { runLocalGit } from './run-git.ts';

const FULL = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
const ABBREVIATED = /^[0-9a-f]{4,64}$/i;

/** Every branch, newest commit first. */
export async function listBranches(gitDir: string, signal: AbortSignal): Promise<BranchInfo[]> {
  const fields = ['refname:lstrip=2', 'objectname', 'contents:subject', 'authorname', 'authordate:iso-strict'];
  const format = fields.map((field) => `%(${field})`).join('%00');
  const result = await runLocalGit({
    gitDir,
    args: ['for-each-ref', '--sort=-committerdate', `--format=${format}`, 'refs/heads'],
    signal,
  });
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [branch = '', commit = '', subject = '', author = '', authoredAt = ''] = line.split('\0');
      return { branch, commit, subject, author, authoredAt };
    });
}

/** The commit that a branch is at, or undefined when there is no such branch. */
export async function branchCommit(gitDir: string, branch: string, signal: AbortSignal): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  const result = await runLocalGit({
    gitDir,
    args: ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`],
    accept: [0, 1, 128],
    signal,
  });
  const line = result.stdout.trim().split('\n').at(-1) ?? '';
  return result.code === 0 && FULL.test(line) ? line : undefined;
}

/**
 * The full id of a commit that the clone has; `id` may be abbreviated.
 * @throws SdpError missing_commit when it is not one, or several begin like this
 */
export async function findCommit(gitDir: string, id: string, signal: AbortSignal): Promise<string | undefined> {
  if (!ABBREVIATED.test(id)) {
    throw new SdpError('missing_commit', `"${id.slice(0, 80)}" is not a commit id.`, {
      hint: 'A commit id has 4 to 64 digits and letters a to f.',
    });
  }
  // Not rev-parse of the name: a branch may be called like an abbreviated id.
  const candidates = await runLocalGit({
    gitDir,
    args: ['rev-parse', `--disambiguate=${id.toLowerCase()}`],
    accept: [0, 128],
    signal,
  });
  const ids = candidates.stdout.split('\n').filter((line) => FULL.test(line));
  if (ids.length === 0) return undefined;
  const kinds = await runLocalGit({
    gitDir,
    args: ['cat-file', '--batch-check'],
    input: `${ids.join('\n')}\n`,
    signal,
  });
  const commits = kinds.stdout.split('\n').flatMap((line) => {
    const [commit = '', kind = ''] = line.split(' ');
    return kind === 'commit' ? [commit] : [];
  });
  if (commits.length > 1) {
    throw new SdpError('missing_commit', `Several commits begin with ${id}.`, { hint: 'Give more of its digits.' });
  }
  return commits[0];
}

/** What people see of a commit. `commit` is a full id that exists. */
export async function commitInfo(gitDir: string, commit: string, signal: AbortSignal): Promise<CommitInfo> {
  const result = await runLocalGit({
    gitDir,
    args: ['log', '-1', '--no-show-signature', '--format=%H%x00%s%x00%an%x00%aI', '--end-of-options', commit],
    signal,
  });
  const [id = '', subject = '', author = '', authoredAt = ''] = result.stdout.trimEnd().split('\0');
  return { commit: id, subject, author, authoredAt };
}

/** Keeps a commit whatever happens to its branch. */
export async function pinCommit(gitDir: string, commit: string, signal: AbortSignal): Promise<void> {
  await runLocalGit({
    gitDir,
    args: ['update-ref', '--no-deref', '--end-of-options', `refs/sdp/commits/${commit}`, commit],
    signal,
  });
}
