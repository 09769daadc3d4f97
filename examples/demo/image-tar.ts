/** A file tree of this machine as a tar stream, for an image made by import. */
import { createReadStream } from 'node:fs';
import { readdir, readlink, lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';

export type ImageEntry =
  | { kind: 'directory'; path: string; mode?: number }
  | { kind: 'text'; path: string; text: string; mode?: number }
  | { kind: 'link'; path: string; to: string }
  /** A file of the machine; a link is followed. */
  | { kind: 'file'; path: string; from: string; mode?: number };

const EPOCH = new Date(0);

/** Everything below a directory of the machine, links kept as links. */
export async function directoryEntries(from: string, at: string): Promise<ImageEntry[]> {
  const entries: ImageEntry[] = [{ kind: 'directory', path: at }];
  for (const name of (await readdir(from)).sort()) {
    const source = join(from, name);
    const path = join(at, name);
    const info = await lstat(source);
    if (info.isDirectory()) entries.push(...(await directoryEntries(source, path)));
    else if (info.isSymbolicLink()) entries.push({ kind: 'link', path, to: await readlink(source) });
    else if (info.isFile()) entries.push({ kind: 'file', path, from: source });
  }
  return entries;
}

async function addFile(tar: Pack, entry: Extract<ImageEntry, { kind: 'file' }>): Promise<void> {
  const info = await stat(entry.from);
  const header = { name: entry.path.slice(1), size: info.size, mode: entry.mode ?? info.mode & 0o777, mtime: EPOCH };
  await pipeline(createReadStream(entry.from), tar.entry(header));
}

async function add(tar: Pack, entry: ImageEntry): Promise<void> {
  const name = entry.path.slice(1);
  if (entry.kind === 'file') return addFile(tar, entry);
  if (entry.kind === 'directory') {
    tar.entry({ name: `${name}/`, type: 'directory', mode: entry.mode ?? 0o755, mtime: EPOCH });
  } else if (entry.kind === 'link') {
    tar.entry({ name, type: 'symlink', linkname: entry.to, mtime: EPOCH });
  } else {
    tar.entry({ name, mode: entry.mode ?? 0o644, mtime: EPOCH }, entry.text);
  }
}

/** Paths are absolute and unique. A file that cannot be read destroys the stream with its error. */
export function tarOf(entries: readonly ImageEntry[]): Pack {
  const tar = pack();
  const fill = async (): Promise<void> => {
    for (const entry of entries) await add(tar, entry);
    tar.finalize();
  };
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  return tar;
}
