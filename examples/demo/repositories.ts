/** The demo's repositories, made from the folders `sources/` and `branches/`: the same commits on every machine. */
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

interface Change {
  branch: string;
  subject: string;
  author: string;
}

export interface DemoRepository {
  name: string;
  /** Folders of `sources/` laid over each other. */
  layers: readonly string[];
  /** Subject of the first commit, on `develop`. */
  subject: string;
  author: string;
  /** Branches off `develop`; `branches/{name}/{branch}` is laid over it. */
  branches: readonly Change[];
}

export const DEMO_REPOSITORIES: readonly DemoRepository[] = [
  {
    name: 'account',
    layers: ['go-service', 'account'],
    subject: 'Login and profiles',
    author: 'Achmad',
    branches: [{ branch: 'feature/login-error', subject: 'Say what is wrong when a login fails', author: 'Achmad' }],
  },
  {
    name: 'payment',
    layers: ['go-service', 'payment'],
    subject: 'Payments',
    author: 'Sari',
    branches: [{ branch: 'feature/refunds', subject: 'Add refunds', author: 'Sari' }],
  },
  { name: 'user', layers: ['go-service', 'user'], subject: 'Users', author: 'Budi', branches: [] },
  { name: 'api-gateway', layers: ['api-gateway'], subject: 'Pass requests on to services', author: 'Budi', branches: [] },
  {
    name: 'api-gateway-nginx',
    layers: ['api-gateway-nginx'],
    subject: 'Pass requests on to services, WebSockets too',
    author: 'Sari',
    branches: [],
  },
];

/** First commit of each repository; branches follow an hour later. Fixed, so that commit ids are. */
const FIRST_COMMIT = Date.UTC(2024, 0, 15, 9) / 1000;

/** Git without the machine's own configuration, hooks or attributes. */
function git(gitDir: string | undefined, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return run('git', args, {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LC_ALL: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      ...(gitDir === undefined ? {} : { GIT_DIR: gitDir }),
      ...env,
    },
  });
}

async function commit(gitDir: string, tree: string, change: Change & { at: number; parent?: string }): Promise<string> {
  const index = join(gitDir, 'sdp-demo-index');
  const place = { GIT_WORK_TREE: tree, GIT_INDEX_FILE: index };
  await git(gitDir, ['-c', 'core.autocrlf=false', 'add', '--all', '--force', '.'], { ...place });
  const treeId = (await git(gitDir, ['write-tree'], place)).trim();
  await rm(index, { force: true });
  const email = `${change.author.toLowerCase()}@sdp-demo.internal`;
  const date = `${change.at} +0000`;
  const parent = change.parent === undefined ? [] : ['-p', change.parent];
  const id = await git(gitDir, ['commit-tree', treeId, ...parent, '-m', change.subject], {
    GIT_AUTHOR_NAME: change.author,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: change.author,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  });
  await git(gitDir, ['update-ref', `refs/heads/${change.branch}`, id.trim()]);
  return id.trim();
}

async function makeRepository(sourcesRoot: string, repository: DemoRepository, gitDir: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'sdp-demo-'));
  try {
    const bare = `${gitDir}.new`;
    await rm(bare, { recursive: true, force: true });
    await git(bare, ['init', '--quiet', '--bare', '--initial-branch=develop', '--template=', bare]);
    await git(bare, ['config', 'http.receivepack', 'true']);
    const tree = join(work, 'tree');
    for (const layer of repository.layers) await cp(join(sourcesRoot, 'sources', layer), tree, { recursive: true });
    const { subject, author } = repository;
    const parent = await commit(bare, tree, { branch: 'develop', subject, author, at: FIRST_COMMIT });
    for (const [index, change] of repository.branches.entries()) {
      const branchTree = join(work, `branch-${index}`);
      await cp(tree, branchTree, { recursive: true });
      await cp(join(sourcesRoot, 'branches', repository.name, change.branch), branchTree, { recursive: true });
      await commit(bare, branchTree, { ...change, at: FIRST_COMMIT + 3600 * (index + 1), parent });
    }
    await rename(bare, gitDir);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Makes the bare repositories that are not there yet; those that are keep what was pushed to them.
 * @param sourcesRoot the folder that holds `sources/` and `branches/`
 * @param directory where `{name}.git` go
 */
export async function ensureRepositories(sourcesRoot: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const repository of DEMO_REPOSITORIES) {
    const gitDir = join(directory, `${repository.name}.git`);
    if (!existsSync(gitDir)) await makeRepository(sourcesRoot, repository, gitDir);
  }
}

/**
 * The operator's checkouts, as somebody would have cloned them; no credentials are left in them.
 * @param originOf URL without user info that becomes `origin`
 */
export async function ensureCheckouts(
  directory: string,
  repositories: string,
  originOf: (name: string) => string,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const { name } of DEMO_REPOSITORIES) {
    const checkout = join(directory, name);
    if (!existsSync(checkout)) {
      const next = `${checkout}.new`;
      await rm(next, { recursive: true, force: true });
      // From the disk: the same objects as over HTTP, and no password is needed.
      const bare = join(repositories, `${name}.git`);
      await git(undefined, ['clone', '--quiet', '--no-hardlinks', '--template=', bare, next]);
      await rename(next, checkout);
    }
    await git(join(checkout, '.git'), ['config', 'remote.origin.url', originOf(name)]);
  }
}
