/** A git server, a developer's working copy and an operator's checkout, in one temporary folder. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BuildConfig, RepositoryConfig } from '#agents/contract';
import { createBare, git, startGitServer, type GitServer } from './git-server.ts';

export const LOGIN = { username: 'dev', password: 'pässword-0815' };

export interface GitWorld {
  folder: string;
  dataDir: string;
  server: GitServer;
  /** A new repository on the server with these files on its first branch, and the operator's checkout of it. */
  repository(name: string, files: Record<string, string>, build?: BuildConfig): Promise<RepositoryConfig>;
  /** The developer commits files on a branch and pushes it; answers the commit. */
  push(name: string, branch: string, files: Record<string, string>, how?: { force?: boolean; from?: string }): string;
  close(): Promise<void>;
}

/** Writes files; those with a `#!` become executable. */
export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    if (text.startsWith('#!')) chmodSync(join(folder, name), 0o755);
  }
}

export async function createGitWorld(
  users: Record<string, string> = { [LOGIN.username]: LOGIN.password },
  host?: string,
): Promise<GitWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'sdp-git-'));
  const root = join(folder, 'server');
  const server = await startGitServer({ root, users, ...(host === undefined ? {} : { host }) });

  const push: GitWorld['push'] = (name, branch, files, how = {}) => {
    const work = join(folder, 'work', name);
    git(work, 'checkout', '--quiet', '-B', branch, ...(how.from === undefined ? [] : [how.from]));
    writeFiles(work, files);
    git(work, 'add', '--all');
    git(work, 'commit', '--quiet', '--allow-empty', '-m', `Change ${branch}`);
    git(work, 'push', '--quiet', ...(how.force === true ? ['--force'] : []), 'origin', `refs/heads/${branch}`);
    return git(work, 'rev-parse', 'HEAD');
  };

  return {
    folder,
    dataDir: join(folder, 'data'),
    server,
    push,
    async repository(name, files, build = { kind: 'go', package: '.', cgo: false, with: [] }) {
      const bare = createBare(root, name);
      const work = join(folder, 'work', name);
      mkdirSync(work, { recursive: true });
      git(work, 'init', '--quiet', '--initial-branch=develop');
      git(work, 'remote', 'add', 'origin', bare);
      push(name, 'develop', files);
      const path = join(folder, 'checkouts', name);
      git(folder, 'clone', '--quiet', bare, path);
      git(path, 'remote', 'set-url', 'origin', server.urlOf(name).replace('http://', 'http://operator:stale@'));
      return { name, path, build };
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
