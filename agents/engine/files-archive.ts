/** Files of a sandbox's environments, as a tar archive for a created container. */
import { posix } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { FileContent } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { EngineContext } from './context.ts';
import { statusOf } from './engine-api.ts';

/** Every directory above these files, parents first, without `/`. */
export function parentsOf(paths: readonly string[]): string[] {
  const parents = new Set<string>();
  for (const path of paths) {
    for (let parent = posix.dirname(path); parent !== '/' && parent !== '.'; parent = posix.dirname(parent)) parents.add(parent);
  }
  return [...parents].sort();
}

/** Files as 0644, the named directories as 0755, all of root. */
export function filesArchive(files: Record<string, FileContent>, directories: readonly string[]): Promise<Buffer> {
  const tar = pack();
  for (const directory of directories) tar.entry({ name: `${directory.slice(1)}/`, type: 'directory', mode: 0o755 });
  for (const [path, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.base64, 'base64');
    tar.entry({ name: path.slice(1), mode: 0o644 }, bytes);
  }
  tar.finalize();
  return buffer(tar);
}

/**
 * Those directories that the container does not have, parents first. The engine itself would make them closed to
 * everybody but root; those that are there keep their owner and mode.
 */
export async function missingDirectories(
  context: EngineContext,
  id: string,
  directories: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  const missing: string[] = [];
  const known = new Set<string>();
  // Deepest first: what is above one that exists needs no look, and each look mounts the container's files.
  for (const directory of [...directories].sort().reverse()) {
    if (known.has(directory)) continue;
    const exists = await context.api
      .json({ method: 'HEAD', path: `/containers/${id}/archive`, query: { path: directory }, signal })
      .then(() => true, (error: unknown) => {
        if (statusOf(error) === 404) return false;
        throw error;
      });
    if (!exists) missing.push(directory);
    else for (const parent of parentsOf([directory])) known.add(parent);
  }
  return missing.reverse();
}

/** Copies files into a container that has not started. Existing directories keep their owner and mode. */
export async function copyFiles(
  context: EngineContext,
  id: string,
  files: Record<string, FileContent>,
  signal?: AbortSignal,
): Promise<void> {
  const paths = Object.keys(files);
  if (paths.length === 0) return;
  const bad = paths.find((path) => !path.startsWith('/') || posix.normalize(path) !== path || path.endsWith('/'));
  if (bad !== undefined) throw new SdpError('invalid_request', `"${bad}" is not an absolute, normal path of a file.`);
  const missing = await missingDirectories(context, id, parentsOf(paths), signal);
  await context.api.json({
    method: 'PUT',
    path: `/containers/${id}/archive`,
    query: { path: '/' },
    file: await filesArchive(files, missing),
    signal,
  });
}
