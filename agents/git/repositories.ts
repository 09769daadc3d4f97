/** Repositories of this node: one full bare clone each, fetched only with a person's login (DESIGN 6, C2-C4). */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitRepositories, Reporter, RepositoryConfig } from '../contract.ts';
import { SdpError } from '#schema/errors';
import { slugOf } from '#schema/names';
import type { CommitInfo, Credentials } from '#schema/wire/commands';
import { installAskpass } from './askpass.ts';
import { checkBranchName } from './branch-name.ts';
import { createClone, type Clone } from './clone.ts';
import { exportCommit } from './export-tree.ts';
import { fetchAll, fetchCommit, probe, type Remote } from './fetch.ts';
import { nearMatches } from './near-matches.ts';
import { readOrigin, requireOrigin } from './origin.ts';
import { fetchPrivateModules, MODULES_FOLDER } from './private-modules.ts';
import { branchCommit, commitInfo, findCommit, listBranches, pinCommit } from './refs.ts';
import { readHead } from './head.ts';
import { releasePins } from './release-pins.ts';
import { sharedFetches, type SharedFetches } from './shared-fetch.ts';

export interface GitOptions {
  dataDir: string;
  repositories: readonly RepositoryConfig[];
  /** Protocols that an origin may have. Default http and https; tests add `file`. */
  protocols?: readonly string[];
  /** PEM file of the authority behind the git server's certificate; default: the machine's. */
  caFile?: string;
  /** Where Go modules go that the git server holds; default: the module cache of the agent's user. */
  moduleCache?: string;
  /** Milliseconds for a whole fetch; default 30 minutes. */
  fetchTimeoutMs?: number;
  /** Milliseconds for proving a login; default 30 seconds. */
  loginTimeoutMs?: number;
}

/** What builds need beyond the contract: a sibling's sources are those of its default branch. */
export interface LocalRepositories extends GitRepositories {
  /** Head of the default branch as last fetched. @throws SdpError missing_commit when it never was */
  head(repository: string, signal: AbortSignal): Promise<CommitInfo & { branch: string }>;
}

/** Milliseconds after a fetch in which the control plane may not know of its commit yet. */
const NEWS_MS = 2 * 60_000;

interface Entry {
  config: RepositoryConfig;
  clone: Clone;
  /** Commits of fetches that run or have just ended: until when each stays pinned whatever anybody says (Unix ms). */
  fresh: Map<string, number>;
  shared: SharedFetches;
}

/** @throws SdpError invalid_document when two repositories would share a clone */
export function createGitRepositories(options: GitOptions): LocalRepositories {
  const root = join(options.dataDir, 'git');
  const protocols = options.protocols ?? ['http', 'https'];
  // What an agent that was killed left behind.
  const cleaned = rm(join(root, MODULES_FOLDER), { recursive: true, force: true });
  cleaned.catch(() => undefined);
  const entries = new Map<string, Entry>();
  for (const config of options.repositories) {
    const slug = slugOf(config.name);
    const other = entries.get(slug);
    if (other !== undefined) {
      throw new SdpError(
        'invalid_document',
        `The repositories "${other.config.name}" and "${config.name}" have one name in lower case.`,
      );
    }
    entries.set(slug, { config, clone: createClone(root, config.name), fresh: new Map(), shared: sharedFetches() });
  }

  function entryOf(repository: string): Entry {
    const entry = entries.get(slugOf(repository));
    if (entry !== undefined) return entry;
    throw new SdpError('unknown_repository', `This node has no repository "${repository}".`, {
      hint: `Add it to "repositories" of the agent's file. It has: ${
        [...entries.values()].map((e) => e.config.name).join(', ') || 'none'
      }.`,
    });
  }

  async function remoteOf(config: RepositoryConfig, credentials: Credentials, signal: AbortSignal): Promise<Remote> {
    const origin = await requireOrigin(config, protocols);
    await cleaned;
    const askpass = await installAskpass(root);
    return {
      ...origin,
      repository: config.name,
      askpass,
      cwd: root,
      credentials,
      signal,
      timeoutMs: options.fetchTimeoutMs ?? 30 * 60_000,
      ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
    };
  }

  /** Siblings that `replace` lines lead to are fetched with the same login: the build has none. */
  async function fetchSiblings(
    config: RepositoryConfig,
    credentials: Credentials,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<void> {
    for (const name of config.build.kind === 'go' ? config.build.with : []) {
      const sibling = entryOf(name);
      const remote = await remoteOf(sibling.config, credentials, signal);
      reporter.log('FETCH', `Fetching ${sibling.config.name}, which ${config.name} is built with...`);
      await sibling.clone.writing(
        () => fetchAll(sibling.clone.gitDir, { ...remote, log: (line) => reporter.log('FETCH', line) }, true),
        signal,
      );
    }
  }

  async function resolveWanted(
    gitDir: string,
    config: RepositoryConfig,
    wanted: { branch: string } | { commit: string },
    remote: Remote,
  ): Promise<string> {
    const { signal } = remote;
    if ('branch' in wanted) {
      const commit = await branchCommit(gitDir, wanted.branch, signal);
      if (commit !== undefined) return commit;
      const names = (await listBranches(gitDir, signal)).map((info) => info.branch);
      const near = nearMatches(wanted.branch, names);
      throw new SdpError('unknown_branch', `The repository "${config.name}" has no branch "${wanted.branch}".`, {
        hint:
          near.length > 0
            ? `Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`
            : `It has ${names.length} branches; list them with the repository.`,
      });
    }
    const commit =
      (await findCommit(gitDir, wanted.commit, signal)) ?? (await fetchCommit(gitDir, wanted.commit, remote));
    if (commit !== undefined) return commit;
    throw new SdpError('missing_commit', `The repository "${config.name}" has no commit ${wanted.commit}.`, {
      hint: 'It is on no branch and no tag of the git server, or belongs to another repository.',
    });
  }

  return {
    async checkLogin(repository, credentials, signal) {
      const { config } = entryOf(repository);
      const remote = await remoteOf(config, credentials, signal);
      await probe({ ...remote, timeoutMs: options.loginTimeoutMs ?? 30_000 });
    },

    async fetch(repository, wanted, credentials, reporter, signal) {
      const { config, clone, shared, fresh } = entryOf(repository);
      if ('branch' in wanted) await checkBranchName(wanted.branch, signal);
      const startedAt = Date.now();
      reporter.event('FETCH_STARTED');
      const remote = await remoteOf(config, credentials, signal);
      const asked = shared.ask();
      const info = await clone.writing(async () => {
        reporter.log('FETCH', `Fetching origin ${remote.url}...`);
        const fetchNow = (): Promise<void> =>
          fetchAll(clone.gitDir, { ...remote, log: (line) => reporter.log('FETCH', line) }, false);
        if ((await shared.fetch(asked, credentials, fetchNow)) === 'shared') {
          reporter.log('FETCH', 'Fetched with the same login while this waited its turn.');
        }
        const commit = await resolveWanted(clone.gitDir, config, wanted, remote);
        fresh.set(commit, Number.POSITIVE_INFINITY);
        await pinCommit(clone.gitDir, commit, signal);
        return commitInfo(clone.gitDir, commit, signal);
      }, signal);
      try {
        await fetchSiblings(config, credentials, reporter, signal);
        await fetchPrivateModules({
          config,
          gitDir: clone.gitDir,
          commit: info.commit,
          remote,
          dataDir: options.dataDir,
          log: (line) => reporter.log('FETCH', line),
          ...(options.moduleCache === undefined ? {} : { moduleCache: options.moduleCache }),
        });
      } finally {
        fresh.set(info.commit, Date.now() + NEWS_MS);
      }
      const branch = 'branch' in wanted ? wanted.branch : '';
      reporter.log('FETCH', `${branch === '' ? 'Commit' : branch} is at ${info.commit.slice(0, 12)} ${info.subject}`);
      reporter.event('FETCH_COMPLETED', { durationMs: Date.now() - startedAt });
      return { ...info, branch };
    },

    async branches(repository, credentials, signal) {
      const { config, clone } = entryOf(repository);
      if (credentials !== undefined) {
        const remote = await remoteOf(config, credentials, signal);
        await clone.writing(() => fetchAll(clone.gitDir, remote, false), signal);
      } else if (!(await clone.exists())) {
        throw new SdpError(
          'needs_login',
          `The branches of "${config.name}" are not known on this node: it was never fetched here.`,
          {
            hint: 'Log in and list them again, or deploy a branch.',
          },
        );
      }
      return listBranches(clone.gitDir, signal);
    },

    async exportTree(repository, commit, directory, signal) {
      const { config, clone } = entryOf(repository);
      const found = (await clone.exists()) ? await findCommit(clone.gitDir, commit, signal) : undefined;
      if (found === undefined) {
        throw new SdpError('missing_commit', `The commit ${commit} of "${config.name}" is not on this node.`, {
          hint: 'Log in and deploy the service again: that fetches it.',
        });
      }
      await exportCommit(clone.gitDir, found, directory, signal);
    },

    async releasePins(keep, signal) {
      let released = 0;
      for (const [repository, commits] of Object.entries(keep)) {
        const entry = entries.get(slugOf(repository));
        if (entry === undefined || !(await entry.clone.exists())) continue;
        const { clone, fresh } = entry;
        released += await clone.writing(() => {
          for (const [commit, until] of fresh) if (until < Date.now()) fresh.delete(commit);
          return releasePins(clone.gitDir, new Set([...commits, ...fresh.keys()]), signal);
        }, signal);
      }
      return released;
    },

    originOf: (repository) => readOrigin(entryOf(repository).config),

    async head(repository, signal) {
      const { config, clone } = entryOf(repository);
      const head = (await clone.exists()) ? await readHead(clone.gitDir, signal) : undefined;
      if (head !== undefined) return head;
      throw new SdpError('missing_commit', `The default branch of "${config.name}" is not on this node.`, {
        hint: 'Log in and deploy the service again: that fetches it.',
      });
    },
  };
}
