import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CamelCasePlugin, Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SqliteConnection } from '#specs/sqlite/sqlite-connection';
import { WritingSqliteDialect } from '#specs/sqlite/sqlite-dialect';
import type { Db, Tables, Tx } from '#specs/tables';
import { Writer } from '#specs/writer';

let folder = '';
let db: Db;
let connection: SqliteConnection;
let commits = 0;
let refuse: Error | undefined;

const pragma = (text: string): unknown[] => connection.prepare(`pragma ${text}`).all([]);
const names = async () =>
  (await db.selectFrom('settings').select('name').orderBy('name').execute()).map(({ name }) => name);
const put = (writer: Writer, name: string, value = '') =>
  writer.write((tx) => tx.insertInto('settings').values({ name, value }).execute());

function makeWriter(): Writer {
  const guard = () => (refuse === undefined ? Promise.resolve() : Promise.reject(refuse));
  return new Writer(db, { guard, committed: () => commits++ });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdp-writer-'));
  connection = new SqliteConnection(join(folder, 'a.db'), ['journal_mode = wal', 'synchronous = full']);
  db = new Kysely<Tables>({
    dialect: new WritingSqliteDialect({ database: connection }),
    plugins: [new CamelCasePlugin()],
  });
  await db.schema
    .createTable('settings')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text')
    .execute();
  commits = 0;
  refuse = undefined;
});
afterEach(async () => {
  await db.destroy();
  await rm(folder, { recursive: true });
});

describe('the writer', () => {
  it('puts writes of one turn into one transaction, in order', async () => {
    const writer = makeWriter();
    // A batch ends with its time, too, which is short for a machine that has other work.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((number) => put(writer, `n${number}`).then(() => order.push(number))));
    expect(commits).toBe(1);
    expect(order).toEqual([1, 2, 3]);
  });

  it('takes back only the write that fails, to its last row', async () => {
    const writer = makeWriter();
    const failing = writer.write(async (tx) => {
      await tx.insertInto('settings').values({ name: 'half', value: '' }).execute();
      throw new Error('no');
    });
    const outcomes = await Promise.allSettled([put(writer, 'a'), failing, put(writer, 'b')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await names()).toEqual(['a', 'b']);
  });

  it('gives each its own transaction when several fail together, so that only the one to blame is refused', async () => {
    const writer = makeWriter();
    const together = async (tx: Tx, given: readonly string[]) => {
      await tx.insertInto('settings').values(given.map((name) => ({ name, value: '' }))).execute();
      if (given.includes('bad')) throw new Error('no');
      return given.map((value) => ({ value }));
    };
    const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map((name) => writer.writeTogether(together, name)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await names()).toEqual(['a', 'b']);
    const before = commits;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    await Promise.all(['c', 'd'].map((name) => writer.writeTogether(together, name)));
    expect(commits - before).toBe(1);
  });

  it('takes a rehearsal back although it succeeds', async () => {
    const writer = makeWriter();
    const seen = await writer.rehearse(async (tx) => {
      await tx.insertInto('settings').values({ name: 'try', value: '' }).execute();
      return (await tx.selectFrom('settings').select('name').execute()).length;
    });
    expect(seen).toBe(1);
    expect(await names()).toEqual([]);
  });

  it('refuses everything while the guard refuses, and goes on afterwards', async () => {
    const writer = makeWriter();
    refuse = new Error('another leader');
    const outcomes = await Promise.allSettled([put(writer, 'a'), put(writer, 'b')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    refuse = undefined;
    await put(writer, 'c');
    expect(await names()).toEqual(['c']);
  });

  it('answers disk_full for what did not fit, loses nothing that it accepted, and goes on when there is room', async () => {
    const writer = makeWriter();
    await put(writer, 'before');
    pragma('max_page_count = 20');
    const tasks = [put(writer, 'small'), put(writer, 'huge', 'x'.repeat(500_000)), put(writer, 'after')];
    const [small, huge, after] = await Promise.allSettled(tasks);
    expect(huge).toMatchObject({ status: 'rejected', reason: { code: 'disk_full' } });
    const accepted = [
      ['before', true],
      ['small', small?.status === 'fulfilled'],
      ['after', after?.status === 'fulfilled'],
    ] as const;
    expect(await names()).toEqual(
      accepted
        .filter(([, kept]) => kept)
        .map(([name]) => name)
        .sort(),
    );
    pragma('max_page_count = 100000');
    await put(writer, 'later', 'x'.repeat(500_000));
    expect(await names()).toContain('later');
  });

  it('lets timers run between batches of a flood', async () => {
    const writer = makeWriter();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await Promise.all(Array.from({ length: 1500 }, (_, index) => put(writer, `n${index}`)));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
    expect(commits).toBeLessThan(1_200);
  });
});
