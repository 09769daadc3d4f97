/** A directory tree into a tar archive, in a stable order, owned by root. */
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Pack } from 'tar-stream';

export interface PackOptions {
  /** Directory inside of the archive, without slashes at its ends. */
  prefix?: string;
  /** Whether a path relative to the tree (with `/`) stays out. Directories are asked for too, unless `descend`. */
  excludes?: (path: string) => boolean;
  /** With exceptions among the exclusions, excluded directories still have to be looked into. */
  descend?: boolean;
}

export async function packDirectory(tar: Pack, root: string, options: PackOptions = {}): Promise<void> {
  const { prefix = '', excludes = () => false, descend = false } = options;
  const named = (path: string): string => (prefix === '' ? path : `${prefix}/${path}`);
  const walk = async (directory: string): Promise<void> => {
    const names = (await readdir(join(root, directory))).sort();
    for (const name of names) {
      const path = directory === '' ? name : `${directory}/${name}`;
      const full = join(root, path);
      const info = await lstat(full);
      const out = excludes(path);
      const header = { name: named(path), mode: info.mode & 0o7777, mtime: info.mtime };
      if (info.isDirectory()) {
        if (!out) tar.entry({ ...header, name: `${header.name}/`, type: 'directory' });
        if (!out || descend) await walk(path);
      } else if (out) {
        continue;
      } else if (info.isSymbolicLink()) {
        tar.entry({ ...header, type: 'symlink', linkname: await readlink(full) });
      } else if (info.isFile()) {
        await pipeline(createReadStream(full), tar.entry({ ...header, size: info.size }));
      }
    }
  };
  await walk('');
}
