/** What has to be there before a build begins; each check names what is missing and how to bring it. */
import { mkdir, readFile, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ImageMaker } from '../contract.ts';
import { SdpError } from '#schema/errors';
import { baseImagesOf } from './dockerfile.ts';
import { isInside } from './go-module.ts';

/** A build is not begun with less free disk (bytes). */
const MIN_FREE_BYTES = 512 * 1024 * 1024;

/** @throws SdpError disk_full */
export async function requireDisk(folder: string, minFreeBytes = MIN_FREE_BYTES): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= minFreeBytes) return;
  const mib = (bytes: number): number => Math.floor(bytes / 1024 / 1024);
  throw new SdpError(
    'disk_full',
    `The disk of this node has ${mib(free)} MiB left at ${folder}; a build needs ${mib(minFreeBytes)} MiB.`,
    {
      hint: 'Free some space on the node: old images (docker image prune), logs.',
    },
  );
}

/** A person's words for a base image that is not there. */
export const missingBase = (ref: string): string => `the base image ${ref} is not loaded on this node`;

/** @throws SdpError missing_base_image naming all of them */
export async function requireImages(repository: string, refs: readonly string[], images: ImageMaker): Promise<void> {
  const ids = await Promise.all(refs.map((ref) => images.imageId(ref)));
  const missing = refs.filter((_, index) => ids[index] === undefined);
  if (missing.length === 0) return;
  const file = (ref: string): string => `${ref.replace(/[^\w.-]+/g, '-')}.tar`;
  throw new SdpError(
    'missing_base_image',
    `"${repository}" cannot become an image: ${missing.map(missingBase).join(', ')}.`,
    {
      hint: missing
        .map(
          (ref) =>
            `Where there is a network: docker pull ${ref} && docker save -o ${file(
              ref,
            )} ${ref}; then on the node: docker load -i ${file(ref)}`,
        )
        .join('\n'),
      findings: missing.map((message) => ({ message })),
    },
  );
}

/** @throws SdpError build_failed without such a file, missing_base_image */
export async function requireDockerfile(
  repository: string,
  tree: string,
  file: string,
  images: ImageMaker,
): Promise<void> {
  const path = resolve(tree, file);
  const text = isInside(tree, path) ? await readFile(path, 'utf8').catch(() => undefined) : undefined;
  if (text === undefined) {
    throw new SdpError('build_failed', `"${repository}" has no ${file} at this commit.`, {
      hint: "Correct build.file of the repository in the agent's file, or deploy a commit that has it.",
    });
  }
  await requireImages(repository, baseImagesOf(text), images);
}
