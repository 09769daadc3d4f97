/** Images from a base and something laid on it: a container that never runs, filled and committed. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pack, type Pack } from 'tar-stream';
import { SdpError } from '#schema/errors';
import { LABELS } from '#schema/names';
import { aborted } from './abort.ts';
import { discard } from './containers.ts';
import { listContainers, nameOf, type EngineContext } from './context.ts';
import { engineFailed, statusOf } from './engine-api.ts';
import { missingDirectories, parentsOf } from './files-archive.ts';
import { packDirectory } from './pack-directory.ts';

/** Milliseconds for laying a tree of any size on a base. */
const FILL_TIMEOUT_MS = 10 * 60_000;
const TEMPORARY = 'sdp-temporary-';

export async function imageId(context: EngineContext, ref: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    return (await context.api.json<{ Id: string }>({ method: 'GET', path: `/images/${ref}/json`, signal })).Id;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw engineFailed(`Image ${ref} cannot be looked up`, error);
  }
}

interface ImageConfig {
  Config: { Entrypoint?: string[] | null; Cmd?: string[] | null };
}

interface Layered {
  ref: string;
  base: string;
  labels: Record<string, string>;
}

/** One executable file at `target`, which becomes the entry point. */
export function imageFromFile(
  context: EngineContext,
  image: Layered & { file: string; target: string },
  signal: AbortSignal,
): Promise<string> {
  return layer(context, image, { Entrypoint: [image.target], Cmd: null }, async (tar) => {
    const { size } = await stat(image.file);
    const entry = tar.entry({ name: image.target.replace(/^\/+/, ''), mode: 0o755, size });
    await pipeline(createReadStream(image.file), entry);
  }, parentsOf([image.target]), signal);
}

/** A directory's contents over `target`; entry point and command stay the base's. */
export function imageFromDirectory(
  context: EngineContext,
  image: Layered & { directory: string; target: string },
  signal: AbortSignal,
): Promise<string> {
  return layer(
    context,
    image,
    {},
    (tar) => packDirectory(tar, image.directory, { prefix: image.target.replace(/^\/+|\/+$/g, '') }),
    parentsOf([posix.join(image.target, 'any')]),
    signal,
  );
}

async function layer(
  context: EngineContext,
  image: Layered,
  config: Record<string, unknown>,
  fill: (tar: Pack) => Promise<void>,
  directories: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  let temporary: string | undefined;
  try {
    // Named, so that leftovers of a killed agent are found; images and what runs from them never have this name.
    const name = `${TEMPORARY}${context.owner.installation}-${randomBytes(6).toString('hex')}`.replace(/[^\w.-]/g, '-');
    const described = context.api.json<ImageConfig>({ method: 'GET', path: `/images/${image.base}/json`, signal });
    described.catch(() => undefined);
    const created = await context.api
      .json<{ Id: string }>({
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body: {
          Image: image.base,
          // Never started; an empty base has no command of its own and creation wants one.
          Entrypoint: ['/never'],
          Labels: { [LABELS.installation]: context.owner.installation },
          HostConfig: { NetworkMode: 'none' },
        },
        signal,
      })
      .catch((error: unknown) => {
        if (statusOf(error) === 404) throw missingBase(image.base);
        throw error;
      });
    temporary = created.Id;
    const missing = await missingDirectories(context, created.Id, directories, signal);
    const tar = pack();
    const sent = context.api.json({
      method: 'PUT',
      path: `/containers/${created.Id}/archive`,
      query: { path: '/' },
      file: tar as unknown as Readable,
      signal,
      timeoutMs: FILL_TIMEOUT_MS,
    });
    // A tree that cannot be read must not leave the engine waiting for the rest of it.
    const filled = (async () => {
      for (const directory of missing) tar.entry({ name: `${directory.replace(/^\/+/, '')}/`, type: 'directory', mode: 0o755 });
      await fill(tar);
      tar.finalize();
    })().catch((error: unknown) => {
      tar.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    });
    const [outcome] = await Promise.allSettled([filled, sent]);
    if (outcome.status === 'rejected' && !signal.aborted) throw outcome.reason;
    await sent;
    const base = await described;
    const [repo, tag] = splitRef(image.ref);
    const committed = await context.api.json<{ Id: string }>({
      method: 'POST',
      path: '/commit',
      query: { container: created.Id, repo, tag, pause: false },
      body: { Entrypoint: base.Config.Entrypoint ?? [], Cmd: base.Config.Cmd ?? null, ...config, Labels: image.labels },
      signal,
      timeoutMs: FILL_TIMEOUT_MS,
    });
    return committed.Id;
  } catch (error) {
    if (signal.aborted) throw aborted(signal);
    throw engineFailed(`Image ${image.ref} cannot be made from ${image.base}`, error);
  } finally {
    if (temporary !== undefined) await discard(context, temporary).catch(() => undefined);
  }
}

/** Containers that a killed agent left half filled. Not ours to touch while another agent of the engine may be at work. */
export async function removeTemporaries(context: EngineContext, olderThanMs: number): Promise<void> {
  const listed = await listContainers(context.api, [`${LABELS.installation}=${context.owner.installation}`]);
  for (const one of listed as ((typeof listed)[number] & { Created?: number })[]) {
    const age = Date.now() - (one.Created ?? 0) * 1_000;
    if (nameOf(one).startsWith(TEMPORARY) && one.State === 'created' && age > olderThanMs) await discard(context, one.Id);
  }
}

/** Repository and tag of `registry:5000/a/b:tag`. */
export function splitRef(ref: string): [string, string] {
  const match = /^(.*?)(?::([^:/]+))?$/.exec(ref);
  return [match?.[1] ?? ref, match?.[2] ?? 'latest'];
}

export function missingBase(base: string): SdpError {
  return new SdpError('missing_base_image', `Base image ${base} is not on this node.`, {
    hint: `Load it: docker load < image.tar on the node, or upload the tarball with "sdp images load".`,
  });
}

/**
 * Removes images that SDP made, that are not in `keep` and that no container uses; answers their names.
 * Never what anybody else made (FAILURE_MODES 30).
 */
export async function removeImages(context: EngineContext, keep: readonly string[]): Promise<string[]> {
  try {
    await removeTemporaries(context, 60 * 60_000);
    const kept = new Set(keep);
    const [images, containers] = await Promise.all([
      context.api.json<{ Id: string; RepoTags: string[] | null }[]>({
        method: 'GET',
        path: '/images/json',
        query: { filters: JSON.stringify({ label: [`${LABELS.installation}=${context.owner.installation}`] }) },
      }),
      listContainers(context.api, []),
    ]);
    const used = new Set(containers.map((one) => one.ImageID));
    const removed: string[] = [];
    for (const image of images) {
      const refs = (image.RepoTags ?? []).filter((ref) => ref !== '<none>:<none>');
      if (used.has(image.Id) || refs.some((ref) => kept.has(ref) || !ref.startsWith('sdp/'))) continue;
      for (const ref of refs.length > 0 ? refs : [image.Id]) {
        const gone = await context.api
          .json({ method: 'DELETE', path: `/images/${ref}`, also: [404] })
          .then(() => true, (error: unknown) => {
            // In use since the listing, or the base of another image.
            if (statusOf(error) === 409) return false;
            throw error;
          });
        if (gone && refs.length > 0) removed.push(ref);
      }
    }
    return removed;
  } catch (error) {
    throw engineFailed('Images cannot be pruned', error);
  }
}
