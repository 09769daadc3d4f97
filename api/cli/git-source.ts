/** Where a folder of documents comes from: its repository's remote and commit, else the folder itself. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

async function git(folder: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', ['-C', folder, ...args], { timeout: 10_000, env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' } });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    // No git, no repository, no remote: the folder is its own source.
    return undefined;
  }
}

/** Without user name and password; `git@host:path` names nobody. */
export const withoutLogin = (url: string): string => url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');

export async function sourceOf(folder: string): Promise<{ source: string; revision?: string }> {
  const url = await git(folder, 'config', '--get', 'remote.origin.url');
  const head = await git(folder, 'rev-parse', '--verify', 'HEAD');
  const prefix = head === undefined ? undefined : await git(folder, 'rev-parse', '--show-prefix');
  const inside = prefix === undefined ? '' : `//${prefix.replace(/\/$/, '')}`;
  const changed = head === undefined ? undefined : await git(folder, 'status', '--porcelain', '--', '.');
  return {
    source: url === undefined ? path.resolve(folder) : `${withoutLogin(url)}${inside}`,
    ...(head === undefined ? {} : { revision: changed === undefined ? head : `${head} with changes` }),
  };
}
