/** `docker build` of a directory through the engine's classic builder, without a network and without pulling. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { SdpError } from '#schema/errors';
import { aborted } from './abort.ts';
import type { EngineContext } from './context.ts';
import { parseDockerignore } from './dockerignore.ts';
import { engineFailed } from './engine-api.ts';
import { basesOf } from './dockerfile-bases.ts';
import { imageId, missingBase } from './images.ts';
import { packDirectory } from './pack-directory.ts';

/** Milliseconds until the engine takes the first bytes of an answer; the build itself ends with its signal. */
const OPEN_TIMEOUT_MS = 5 * 60_000;

interface BuildMessage {
  stream?: string;
  error?: string;
  aux?: { ID?: string };
}

export async function imageFromDockerfile(
  context: EngineContext,
  image: { ref: string; directory: string; file: string; labels: Record<string, string> },
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const layers: string[] = [];
  try {
    // The builder would first try to pull a missing base: half a minute without a network, for a worse message.
    for (const base of basesOf(await readFile(join(image.directory, image.file), 'utf8'))) {
      if ((await imageId(context, base, signal)) === undefined) throw missingBase(base);
    }
    const ignore = parseDockerignore(await readFile(join(image.directory, '.dockerignore'), 'utf8').catch(noFile));
    const needed = new Set([image.file.replace(/^\.\//, ''), '.dockerignore']);
    const tar = pack();
    const packed = packDirectory(tar, image.directory, {
      excludes: (path) => !needed.has(path) && ignore.excludes(path),
      // The Dockerfile itself may lie in an excluded directory.
      descend: ignore.hasExceptions || image.file.includes('/'),
    }).then(() => tar.finalize());
    packed.catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
    const opened = context.api.stream({
      method: 'POST',
      path: '/build',
      query: {
        t: image.ref,
        dockerfile: image.file,
        networkmode: 'none',
        pull: false,
        rm: true,
        forcerm: true,
        labels: JSON.stringify(image.labels),
      },
      file: tar as unknown as Readable,
      signal,
      timeoutMs: OPEN_TIMEOUT_MS,
    });
    const [answer, read] = await Promise.allSettled([opened, packed]);
    if (read.status === 'rejected' && !signal.aborted) {
      if (answer.status === 'fulfilled') answer.value.destroy();
      throw read.reason;
    }
    const stream = answer.status === 'fulfilled' ? answer.value : await opened;
    const id = await readBuild(stream, (line) => {
      const layer = /^ ---> ([0-9a-f]{12})$/.exec(line)?.[1];
      if (layer !== undefined) layers.push(layer);
      log(line);
    }, signal);
    // The short id of the last layer and the digest of the image are one and the same.
    return id ?? (await context.api.json<{ Id: string }>({ method: 'GET', path: `/images/${image.ref}/json` })).Id;
  } catch (error) {
    await removeLayers(context, layers);
    if (signal.aborted) throw aborted(signal);
    throw buildFailed(image, error);
  }
}

/** Reads the builder's messages to the end. @throws Error with what the builder says */
function readBuild(stream: Readable, onLine: (line: string) => void, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      stream.destroy(aborted(signal));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    let rest = '';
    let text = '';
    let id: string | undefined;
    let failure: string | undefined;
    const take = (json: string): void => {
      if (json.trim() === '') return;
      const message = JSON.parse(json) as BuildMessage;
      if (message.aux?.ID !== undefined) id = message.aux.ID;
      if (message.error !== undefined) failure = message.error;
      const lines = (text + (message.stream ?? '')).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line !== '') onLine(line);
    };
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const messages = (rest + chunk).split('\n');
      rest = messages.pop() ?? '';
      for (const message of messages) take(message);
    });
    stream.on('end', () => {
      take(rest);
      if (text !== '') onLine(text);
      if (failure === undefined) resolve(id);
      else reject(new Error(failure));
    });
    stream.on('error', reject);
    stream.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      reject(new Error('the engine ended the connection during the build'));
    });
  });
}

/** What a failed build got done: its last untagged layer, with which the untagged ones below it go. */
async function removeLayers(context: EngineContext, layers: readonly string[]): Promise<void> {
  for (const layer of [...layers].reverse()) {
    const found = await context.api
      .json<{ RepoTags: string[] | null; Parent: string }>({ method: 'GET', path: `/images/${layer}/json` })
      .catch(() => undefined);
    // A base image without a name has no parent in the classic builder's sense either.
    if (!found || (found.RepoTags ?? []).length > 0 || found.Parent === '') continue;
    await context.api.json({ method: 'DELETE', path: `/images/${layer}`, also: [404, 409] }).catch(() => undefined);
  }
}

function buildFailed(image: { ref: string; file: string }, error: unknown): SdpError {
  const why = error instanceof Error ? error.message : String(error);
  if (/pull access denied|manifest for|No such image|Get "https?:|lookup /.test(why)) {
    const named = /(?:pull access denied for|manifest for|No such image:?) ([^ ,]+)/.exec(why)?.[1];
    if (named !== undefined) return missingBase(named);
    return new SdpError('missing_base_image', `A base image of ${image.file} is not on this node: ${why}.`, {
      hint: 'Load the image of its FROM line on the node: docker load < image.tar',
    });
  }
  if (error instanceof SdpError) return error;
  const failed = engineFailed(`docker build of ${image.file} failed`, error);
  if (failed.code !== 'engine_failed' || !(error instanceof Error) || error.name === 'EngineError') return failed;
  return new SdpError('build_failed', `docker build of ${image.file} failed: ${why}`, {
    hint: 'The build has no network: what it needs must be in the repository or in its base image.',
  });
}

function noFile(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
