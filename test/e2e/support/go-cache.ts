/** One Go build cache for all worlds of a test run: the standard library is compiled once, as on a node that has built before. */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Absolute path of the folder, which is there. */
export async function sharedGoCache(): Promise<string> {
  const folder = path.join(tmpdir(), 'go-build');
  await mkdir(folder, { recursive: true });
  return folder;
}
