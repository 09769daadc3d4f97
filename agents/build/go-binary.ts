/** Builds one Go package into one executable, offline. */
import { rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SdpError } from '#schema/errors';
import { runProcess } from '../process/run-process.ts';
import { goBuildArgv, goListArgv, type GoFolders } from './go-env.ts';
import type { GoMod, GoModule } from './go-module.ts';
import { LOOKS_MISSING, missingModuleError, missingModules } from './missing-modules.ts';

const BUILD_TIMEOUT_MS = 30 * 60_000;
/** Error lines that the message repeats; all of them are in the log. */
const LINES_IN_MESSAGE = 8;

export interface GoWork {
  repository: string;
  module: GoModule;
  env: Record<string, string>;
  folders: GoFolders;
  signal: AbortSignal;
  log(line: string): void;
}

const moduleFlag = (module: GoModule): string => (module.vendored ? '-mod=vendor' : '-mod=readonly');

/** The compiler's words without paths of this build's temporary folder. */
const inTree = (module: GoModule, text: string): string => text.replaceAll(module.folder + sep, '');

function words(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('# ') && !line.startsWith('go: downloading '));
  const more = lines.length - LINES_IN_MESSAGE;
  return lines.slice(0, LINES_IN_MESSAGE).join('\n') + (more > 0 ? `\n... and ${more} more lines in the log` : '');
}

/**
 * Loads everything that the package needs, without compiling.
 * @throws SdpError missing_module naming all that are missing; build_failed when it is no program
 */
export async function requireModules(work: GoWork, goMod: GoMod): Promise<void> {
  const { repository, module, env, signal } = work;
  const listed = await runProcess({
    argv: goListArgv(moduleFlag(module), module.target),
    cwd: module.folder,
    env,
    signal,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (listed.code === 0) {
    const name = listed.stdout.trim();
    if (name === 'main') return;
    throw new SdpError(
      'build_failed',
      `The package ${module.target} of "${repository}" is "${name}", not a program ("main").`,
      {
        hint: "Name the folder with the program as build.package in the agent's file.",
      },
    );
  }
  if (module.vendored || !LOOKS_MISSING.test(listed.stderr)) return; // The compiler says it better.
  const missing = await missingModules(goMod, work.folders.modules);
  const named = [...listed.stderr.matchAll(/([\w.~-]+(?:\/[\w.~-]+)+)@(v[\w.+-]+)/g)].map(
    (match) => `${match[1]} ${match[2]}`,
  );
  const all = missing.length > 0 ? missing : [...new Set(named)];
  if (all.length > 0) throw missingModuleError(repository, all, work.folders.modules);
}

/** @throws SdpError build_failed with the compiler's first lines, disk_full */
export async function buildBinary(work: GoWork, output: string): Promise<void> {
  const { repository, module, env, signal } = work;
  const result = await runProcess({
    argv: goBuildArgv(moduleFlag(module), output, module.target),
    cwd: module.folder,
    env: { ...env, GOTMPDIR: env['TMPDIR'] ?? '/tmp' },
    signal,
    timeoutMs: BUILD_TIMEOUT_MS,
    onLine: (line) => work.log(inTree(module, line)),
  });
  if (result.code === 0) return;
  await rm(output, { force: true });
  const said = inTree(module, result.stderr);
  if (/no space left on device/i.test(said)) {
    throw new SdpError('disk_full', `The disk of this node became full while "${repository}" was built.`, {
      hint: 'Free some space on the node, then deploy again.',
    });
  }
  const exit =
    result.code === null ? `go was ended by ${result.signal ?? 'a signal'}` : `go build ended with ${result.code}`;
  throw new SdpError('build_failed', `"${repository}" does not build: ${words(said) || exit}`);
}

export const binaryIn = (folder: string): string => join(folder, 'service');
