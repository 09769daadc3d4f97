/** Reads where a repository comes from out of the operator's checkout, which is never changed. */
import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { RepositoryConfig } from '../contract.ts';
import { SdpError } from '#schema/errors';
import { runLocalGit } from './run-git.ts';

export interface Origin {
  /** Without user info. */
  url: string;
  /** Such as `https`. */
  protocol: string;
}

/**
 * The origin as git itself would use it (`insteadOf` of the checkout included), without user info; undefined when the
 * checkout has none.
 * @throws SdpError unknown_repository when the path holds no checkout
 */
export async function readOrigin(repository: RepositoryConfig): Promise<string | undefined> {
  const path = resolve(repository.path);
  const there = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!there) {
    throw new SdpError(
      'unknown_repository',
      `The checkout of "${repository.name}" is missing: there is no folder ${path} on this node.`,
      {
        hint: `Clone it there (git clone URL ${path}), or correct its path in the agent's file.`,
      },
    );
  }
  // Git compares what it finds with safe.directory, links followed.
  const real = await realpath(path);
  const result = await runLocalGit({
    cwd: real,
    // The checkout belongs to the operator, the agent may be another user.
    args: ['-c', `safe.directory=${real}`, 'remote', 'get-url', 'origin'],
    // A parent folder's repository is not this one.
    env: { GIT_CEILING_DIRECTORIES: dirname(real) },
    accept: [0, 2, 128],
  });
  if (result.code === 0) return withoutUserInfo(result.stdout.trim());
  if (/No such remote/i.test(result.stderr)) return undefined;
  throw new SdpError(
    'unknown_repository',
    `${path} ("${repository.name}") is no usable git checkout: ${result.stderr.trim()}`,
    {
      hint: `Clone the repository there, or correct its path in the agent's file.`,
    },
  );
}

/** @throws SdpError unknown_repository without an origin, fetch_failed for a protocol that logins do not travel by */
export async function requireOrigin(repository: RepositoryConfig, allowed: readonly string[]): Promise<Origin> {
  const url = await readOrigin(repository);
  if (url === undefined) {
    throw new SdpError(
      'unknown_repository',
      `The checkout ${repository.path} of "${repository.name}" has no remote "origin".`,
      {
        hint: `Add it: git -C ${repository.path} remote add origin https://...`,
      },
    );
  }
  const problem = originProblem(url, allowed);
  if (problem !== undefined) {
    throw new SdpError('fetch_failed', `The checkout ${repository.path} of "${repository.name}" ${problem}`, {
      hint: `Set it: git -C ${repository.path} remote set-url origin https://...`,
    });
  }
  return { url, protocol: protocolOf(url) };
}

/** Why this origin cannot be fetched from, in plain words. */
export function originProblem(url: string, allowed: readonly string[]): string | undefined {
  if (allowed.includes(protocolOf(url))) return undefined;
  return `has the origin ${url}: fetching with a login works over ${allowed.join(' and ')} only.`;
}

function protocolOf(url: string): string {
  if (url.startsWith('/')) return 'file';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url);
  return scheme?.[1]?.toLowerCase() ?? 'ssh';
}

/** `https://user:password@host/x` without its login. */
export function withoutUserInfo(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)(?:[^/?#]*@)/i, '$1');
}
