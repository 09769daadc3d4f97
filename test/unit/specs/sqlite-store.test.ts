import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '#specs/open-store';
import { storeContract } from './contract.ts';
import { testKeys, type TestDatabase } from './fixtures.ts';

async function sqliteDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'sdp-specs-'));
  const url = `sqlite:${join(folder, 'sdp.db')}`;
  return {
    open: (options) => openStore({ url, masterKeys: testKeys, ...options }),
    async bytes() {
      const files = await readdir(folder);
      return Buffer.concat(await Promise.all(files.map((file) => readFile(join(folder, file)))));
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

storeContract('SQLite', sqliteDatabase);
