import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '#specs/open-store';
import { ana, applyOne, sandbox, testKeys } from './fixtures.ts';

let folder = '';
const file = () => join(folder, 'sdp.db');
const openIt = (url = `sqlite:${file()}`) => openStore({ url, masterKeys: testKeys });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdp-faults-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('an SQLite file', () => {
  it('is created with its folder, for its owner only, in WAL mode', async () => {
    const path = join(folder, 'a', 'b', 'sdp.db');
    const store = await openIt(`sqlite:${path}`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(`${path}-wal`)).mode & 0o777).toBe(0o600);
    await store.close();
    const raw = new Database(path, { readonly: true });
    expect(raw.pragma('journal_mode', { simple: true })).toBe('wal');
    raw.close();
  });

  it('that cannot be written is named with what to do', async () => {
    await writeFile(join(folder, 'plain'), '');
    await mkdir(file());
    for (const url of [`sqlite:${join(folder, 'plain', 'sdp.db')}`, `sqlite:${file()}`]) {
      await expect(openIt(url)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('sdp.db') as string,
        hint: expect.any(String) as string,
      });
    }
  });

  it('that is no database is refused and left as it is', async () => {
    const garbage = 'this is no database, but somebody needs it\n'.repeat(200);
    await writeFile(file(), garbage);
    await expect(openIt()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('damaged or is not a database') as string,
    });
    expect(await readFile(file(), 'utf8')).toBe(garbage);
  });

  it('whose pages are damaged fails to read, and never reads as empty', async () => {
    const store = await openIt();
    for (let index = 0; index < 40; index++)
      await applyOne(store, sandbox(`S${index}`, { description: 'x'.repeat(2000) }));
    await store.close();
    const { size } = await stat(file());
    const handle = await open(file(), 'r+');
    await handle.write(Buffer.alloc(size - 8192, 0xff), 0, size - 8192, 8192);
    await handle.close();
    const failing = openIt().then(async (again) => {
      try {
        return await again.list('Sandbox');
      } finally {
        await again.close();
      }
    });
    await expect(failing).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('damaged') as string,
    });
  });

  it('of a newer release is refused', async () => {
    await (await openIt()).close();
    const raw = new Database(file());
    raw
      .prepare("insert into kysely_migration (name, timestamp) values ('999-later', '2030-01-01T00:00:00.000Z')")
      .run();
    raw.close();
    await expect(openIt()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('newer release') as string,
    });
  });

  it.each([
    ['of another program', (raw: Database.Database) => void raw.exec('create table invoices (id integer)')],
    ['of a newer release', (raw: Database.Database) => void raw.prepare("insert into kysely_migration values ('999-later', '2030-01-01')").run()],
  ])('%s is left byte for byte, with nothing beside it, also after a kill', async (what, make) => {
    if (what === 'of a newer release') await (await openIt()).close();
    const raw = new Database(file());
    raw.pragma('journal_mode = wal');
    make(raw);
    // As a kill leaves it: the log not yet in the file.
    const killed = join(folder, 'killed');
    await mkdir(killed);
    for (const suffix of ['', '-wal', '-shm']) await copyFile(`${file()}${suffix}`, join(killed, `sdp.db${suffix}`));
    raw.close();
    for (const directory of [folder, killed]) {
      const read = async () => Promise.all(['sdp.db', 'sdp.db-wal'].map((name) => readFile(join(directory, name)).catch(() => undefined)));
      const before = await read();
      await expect(openIt(`sqlite:${join(directory, 'sdp.db')}`)).rejects.toMatchObject({ code: 'unavailable' });
      expect(await read()).toEqual(before);
    }
    expect((await readdir(folder)).sort()).toEqual(['killed', 'sdp.db']);
  });

  it('of another program is refused', async () => {
    const raw = new Database(file());
    raw.exec('create table documents (id integer)');
    raw.close();
    await expect(openIt()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('that another process keeps locked is named, and works again afterwards', async () => {
    const store = await openIt();
    const raw = new Database(file());
    raw.exec('begin immediate');
    const refused = store.apply([sandbox('A')], ana);
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('locked') as string,
    });
    raw.exec('rollback');
    raw.close();
    expect((await applyOne(store, sandbox('A'))).outcome).toBe('created');
    await store.close();
  });

  it('copied with its log after a kill holds every accepted write', async () => {
    const store = await openIt();
    await Promise.all(Array.from({ length: 100 }, (_, index) => applyOne(store, sandbox(`S${index}`))));
    const copy = join(folder, 'copy.db');
    await copyFile(file(), copy);
    await copyFile(`${file()}-wal`, `${copy}-wal`);
    const survivor = await openIt(`sqlite:${copy}`);
    expect(await survivor.list('Sandbox')).toHaveLength(100);
    await survivor.close();
    await store.close();
  });
});

describe('a database URL', () => {
  it('of another kind is refused without showing its password', async () => {
    const refused = openIt('mysql://sdp:hunter2@db/sdp');
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.not.stringContaining('hunter2') as string,
    });
    await expect(openIt('sqlite:')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(openIt('/just/a/path')).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
