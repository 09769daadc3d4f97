/** What the control plane told this agent, kept so that a restart without it goes on as the same. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Welcome } from '#schema/wire/messages';

export type Identity = Pick<Welcome, 'installation' | 'edgeSecret' | 'edgeOwner'>;

const fileOf = (dataDir: string): string => path.join(dataDir, 'identity.json');

export async function readIdentity(dataDir: string): Promise<Identity | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(dataDir), 'utf8')) as Identity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function keepIdentity(dataDir: string, { installation, edgeSecret, edgeOwner }: Identity): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const temporary = `${fileOf(dataDir)}.${process.pid}`;
  await writeFile(temporary, JSON.stringify({ installation, edgeSecret, edgeOwner }), { mode: 0o600 });
  await rename(temporary, fileOf(dataDir));
}
