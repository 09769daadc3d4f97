/** The calls that use the network, each with the login of the person on whose behalf it runs. */
import { SdpError } from '#schema/errors';
import type { Credentials } from '#schema/wire/commands';
import type { ProcessResult } from '../process/run-process.ts';
import { fetchArgs, fetchCommitArgs, lsRemoteArgs } from './git-command.ts';
import { gitError } from './git-error.ts';
import { defaultBranchIn, writeHead } from './head.ts';
import type { Origin } from './origin.ts';
import { thinProgress } from './progress.ts';
import { findCommit } from './refs.ts';
import { runNetworkGit } from './run-git.ts';

export interface Remote extends Origin {
  /** Name, for messages. */
  repository: string;
  askpass: string;
  cwd: string;
  caFile?: string;
  credentials: Credentials;
  timeoutMs: number;
  signal: AbortSignal;
  log?: (line: string) => void;
}

async function call(remote: Remote, args: readonly string[], gitDir?: string): Promise<ProcessResult> {
  const { log } = remote;
  try {
    return await runNetworkGit({
      ...remote,
      args,
      ...(gitDir === undefined ? {} : { gitDir }),
      ...(log === undefined ? {} : { onLine: thinProgress(log) }),
    });
  } catch (error) {
    if (!(error instanceof SdpError) || error.code !== 'deadline_exceeded' || remote.signal.aborted) throw error;
    const seconds = Math.round(remote.timeoutMs / 1000);
    throw new SdpError(
      'git_unreachable',
      `The git server did not answer for "${remote.repository}" within ${seconds} s (${remote.url}).`,
      {
        hint: 'Check that the node reaches the git server; it is tried again.',
      },
    );
  }
}

/**
 * Proves the login (C2).
 * @throws SdpError git_auth, also when the server never asked for a login: then nothing was proved
 */
export async function probe(remote: Remote): Promise<void> {
  const result = await call(remote, lsRemoteArgs(remote.url));
  if (result.code !== 0) throw gitError(remote.repository, remote.url, result.stderr);
  if (result.answered[1] !== true) {
    throw new SdpError(
      'git_auth',
      `The git server lets anybody read "${remote.repository}", so it cannot tell whether a login is right.`,
      {
        hint: "Name a repository that needs a login as auth.repository in the agent's file.",
      },
    );
  }
}

/** Brings every branch and tag; with `head` also the name of the default branch. Under the clone's lock. */
export async function fetchAll(gitDir: string, remote: Remote, head: boolean): Promise<void> {
  const result = await call(remote, fetchArgs(remote.url), gitDir);
  if (result.code !== 0) throw gitError(remote.repository, remote.url, result.stderr);
  if (!head) return;
  const asked = await call({ ...remote, log: () => undefined }, lsRemoteArgs(remote.url));
  if (asked.code !== 0) throw gitError(remote.repository, remote.url, asked.stderr);
  const branch = defaultBranchIn(asked.stdout);
  if (branch !== undefined) await writeHead(gitDir, branch, remote.signal);
}

/** Asks for one commit that no branch leads to; some servers give it. Undefined when this one does not. */
export async function fetchCommit(gitDir: string, commit: string, remote: Remote): Promise<string | undefined> {
  if (!/^[0-9a-f]{40}$/.test(commit)) return undefined;
  const result = await call(remote, fetchCommitArgs(remote.url, commit), gitDir);
  return result.code === 0 ? findCommit(gitDir, commit, remote.signal) : undefined;
}
