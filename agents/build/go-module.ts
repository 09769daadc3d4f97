/** Finds the module that a package belongs to, and reads its go.mod. */
import { access, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { SdpError } from '#schema/errors';
import { runProcess } from '../process/run-process.ts';

export interface ModuleVersion {
  Path: string;
  Version?: string;
}

export interface GoModule {
  /** Folder with the go.mod, absolute. */
  folder: string;
  /** The package to build, relative to `folder`, such as `./cmd/server`. */
  target: string;
  text: string;
  vendored: boolean;
}

export interface GoMod {
  Require: ModuleVersion[] | null;
  Replace: { Old: ModuleVersion; New: ModuleVersion }[] | null;
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether `path` is `folder` or lies in it. */
export const isInside = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep);

/** @throws SdpError build_failed when there is no such package or no go.mod above it */
export async function findModule(repository: string, tree: string, packagePath: string): Promise<GoModule> {
  const packageFolder = resolve(tree, packagePath);
  if (!isInside(tree, packageFolder) || !(await exists(packageFolder))) {
    throw new SdpError(
      'build_failed',
      `"${repository}" has no folder ${packagePath}, which the agent's file names as its package.`,
      {
        hint: "Correct build.package of the repository in the agent's file.",
      },
    );
  }
  for (let folder = packageFolder; isInside(tree, folder); folder = dirname(folder)) {
    const text = await readFile(join(folder, 'go.mod'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const inner = relative(folder, packageFolder);
    const vendored = await exists(join(folder, 'vendor', 'modules.txt'));
    return { folder, text, vendored, target: inner === '' ? '.' : `./${inner}` };
  }
  throw new SdpError(
    'build_failed',
    `"${repository}" has no go.mod at this commit, neither in ${packagePath} nor above it.`,
  );
}

/** @throws SdpError build_failed with go's words */
export async function readGoMod(
  repository: string,
  folder: string,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<GoMod> {
  const result = await runProcess({
    argv: ['go', 'mod', 'edit', '-json'],
    cwd: folder,
    env,
    timeoutMs: 60_000,
    signal,
  });
  if (result.code === 0) return JSON.parse(result.stdout) as GoMod;
  throw new SdpError(
    'build_failed',
    `The go.mod of "${repository}" cannot be read: ${result.stderr.replaceAll(folder + sep, '').trim()}`,
  );
}
