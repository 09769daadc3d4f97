/** A test double of the engine's image making: images are folders on disk. It makes no container images. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ImageMaker } from '#agents/contract';

export interface FolderImages extends ImageMaker {
  /** References of images that are "loaded"; take one away to miss it. */
  present: Map<string, string>;
  /** Each image made, in order: how, and from what. */
  made: { ref: string; how: 'file' | 'dockerfile' | 'directory'; labels: Record<string, string> }[];
  /** Where an image's contents lie. */
  contents(ref: string): string;
}

export function folderImages(folder: string, bases: readonly string[]): FolderImages {
  const present = new Map(bases.map((ref) => [ref, `sha256:${ref}`]));
  const made: FolderImages['made'] = [];
  const contents = (ref: string): string => join(folder, ref.replace(/[^\w.-]+/g, '_'));
  const keep = (
    ref: string,
    how: FolderImages['made'][number]['how'],
    labels: Record<string, string>,
    from: string,
    target: string,
  ): Promise<string> => {
    if (!existsSync(from)) throw new Error(`There is nothing at ${from}.`);
    mkdirSync(contents(ref), { recursive: true });
    cpSync(from, target === '' ? contents(ref) : join(contents(ref), target), {
      recursive: true,
      verbatimSymlinks: true,
    });
    made.push({ ref, how, labels });
    present.set(ref, `sha256:${made.length}-${basename(ref)}`);
    return Promise.resolve(present.get(ref) ?? '');
  };
  return {
    present,
    made,
    contents,
    imageId: (ref) => Promise.resolve(present.get(ref)),
    fromFile: (image) => keep(image.ref, 'file', image.labels, image.file, image.target),
    fromDockerfile: (image, log) => {
      log(`Step 1/1 : ${image.file}`);
      return keep(image.ref, 'dockerfile', image.labels, image.directory, '');
    },
    fromDirectory: (image) => keep(image.ref, 'directory', image.labels, image.directory, image.target),
  };
}
