/** Go modules that live on the repository's own git server are downloaded while its person's login is at hand. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { RepositoryConfig } from '../contract.ts';
import { SdpError } from '#schema/errors';
import { goEnv, goFolders } from '../build/go-env.ts';
import { readGoMod } from '../build/go-module.ts';
import { missingModules } from '../build/missing-modules.ts';
import { runProcess } from '../process/run-process.ts';
import { askpassTexts, secretsOf } from './askpass.ts';
import type { Remote } from './fetch.ts';
import { gitConfigEnv, gitEnv } from './git-command.ts';
import { gitError, lastLines } from './git-error.ts';
import { runLocalGit } from './run-git.ts';

/** Temporary folders, below the clones' folder. */
export const MODULES_FOLDER = 'modules';

export interface ModuleFetch {
  config: RepositoryConfig;
  gitDir: string;
  commit: string;
  remote: Remote;
  dataDir: string;
  /** Default: the module cache of the user that the agent runs as. */
  moduleCache?: string;
  log(line: string): void;
}

/** A file at a commit, or undefined. */
async function fileAt(fetch: ModuleFetch, path: string): Promise<string | undefined> {
  const { gitDir, commit, remote } = fetch;
  const shown = await runLocalGit({
    gitDir,
    args: ['cat-file', 'blob', `${commit}:${path}`],
    accept: [0, 128],
    signal: remote.signal,
  });
  return shown.code === 0 ? shown.stdout : undefined;
}

/** The go.mod that the package belongs to; undefined without one, and with vendor/. */
async function goModAt(fetch: ModuleFetch, packagePath: string): Promise<string | undefined> {
  for (let folder = posix.normalize(packagePath); !folder.startsWith('..'); folder = posix.join(folder, '..')) {
    const text = await fileAt(fetch, posix.join(folder, 'go.mod'));
    if (text !== undefined) {
      return (await fileAt(fetch, posix.join(folder, 'vendor/modules.txt'))) === undefined ? text : undefined;
    }
    if (folder === '.' || folder === '/') return undefined;
  }
  return undefined;
}

/** Go starts git itself: the same settings as ours come by environment, and the origin's own scheme and port. */
function downloadEnv(fetch: ModuleFetch, temporary: string, cache: string): Record<string, string> {
  const { remote } = fetch;
  const { hostname, origin } = new URL(remote.url);
  const go = goEnv({ cgo: false }, { ...goFolders(fetch.dataDir), modules: cache }, temporary);
  const git = gitEnv({
    path: go['PATH'] ?? '',
    protocol: remote.protocol,
    askpass: remote.askpass,
    ...(remote.caFile === undefined ? {} : { caFile: remote.caFile }),
  });
  const insteadOf = [`https://${hostname}/`, `http://${hostname}/`].filter((base) => base !== `${origin}/`);
  return {
    ...git,
    ...go,
    ...gitConfigEnv(insteadOf.map((base) => `url.${origin}/.insteadOf=${base}`)),
    GOPROXY: 'direct',
    GOPRIVATE: hostname,
    GOVCS: `${hostname}:git,*:off`,
    ...(remote.protocol === 'http' ? { GOINSECURE: hostname } : {}),
  };
}

/**
 * Downloads what is missing. A module that the server does not give is told in the log; the build's preflight names it.
 * @throws SdpError git_auth, git_unreachable
 */
export async function fetchPrivateModules(fetch: ModuleFetch): Promise<void> {
  const { config, remote } = fetch;
  if (config.build.kind !== 'go' || !/^https?$/.test(remote.protocol)) return;
  const text = await goModAt(fetch, config.build.package);
  const { hostname } = new URL(remote.url);
  if (text === undefined || !text.includes(`${hostname}/`)) return;

  const root = join(fetch.dataDir, 'git', MODULES_FOLDER);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const temporary = await mkdtemp(join(root, 'fetch-'));
  try {
    // Go overlooks a go.mod in the very folder that TMPDIR names.
    const folder = join(temporary, 'module');
    await mkdir(folder);
    await writeFile(join(folder, 'go.mod'), text);
    const cache = fetch.moduleCache ?? goFolders(fetch.dataDir).modules;
    const env = downloadEnv(fetch, temporary, cache);
    // What this Go cannot read, the build's preflight explains.
    const goMod = await readGoMod(config.name, folder, env, remote.signal).catch((error: unknown) => {
      if (remote.signal.aborted) throw error;
      return undefined;
    });
    const missing = goMod === undefined ? [] : await missingModules(goMod, cache);
    // Outside of any module, so that only what is named is looked at.
    await rm(join(folder, 'go.mod'));
    for (const each of missing.filter((name) => name.startsWith(`${hostname}/`))) {
      await download(fetch, each.replace(' ', '@'), folder, env);
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function download(fetch: ModuleFetch, module: string, cwd: string, env: Record<string, string>): Promise<void> {
  const { remote, log } = fetch;
  log(`Downloading the private module ${module}...`);
  const result = await runProcess({
    argv: ['go', 'mod', 'download', '-json', module],
    cwd,
    env,
    timeoutMs: remote.timeoutMs,
    signal: remote.signal,
    secrets: secretsOf(remote.credentials),
    descriptors: askpassTexts(remote.credentials),
  });
  if (result.code === 0) return;
  const said = `${result.stdout}\n${result.stderr}`.replaceAll('\\n', '\n');
  const error = gitError(module, remote.url, said);
  if (error instanceof SdpError && (error.code === 'git_auth' || error.code === 'git_unreachable')) throw error;
  log(`The module ${module} could not be downloaded: ${lastLines(said)}`);
}
