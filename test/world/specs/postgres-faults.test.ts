/** What a real PostgreSQL does to a store that works on it: restarts, kills, full disks, foreign tables, a second server. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type StoreOptions } from '#specs/open-store';
import type { Store } from '#specs/store';
import { applyOne, sandbox, testKeys, watchNames } from '../../unit/specs/fixtures.ts';
import { startPostgres, type Postgres } from '../support/postgres.ts';
import { withSmallDisk } from '../support/small-disk.ts';

let postgres: Postgres;
let made = 0;
const opened: Store[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
afterAll(() => postgres.remove());

function newDatabase(): string {
  made += 1;
  postgres.create(`f${made}`);
  return `f${made}`;
}

async function open(database: string, more: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ url: postgres.url(database), masterKeys: testKeys, ...more });
  opened.push(store);
  return store;
}

/** Writes without a pause until told to stop; answers names of the acknowledged, and what was refused. */
function keepWriting(store: Store): { stop: () => Promise<{ acknowledged: string[]; refused: unknown[] }> } {
  let stopping = false;
  const acknowledged: string[] = [];
  const refused: unknown[] = [];
  const writing = Promise.all(
    Array.from({ length: 20 }, async (_, writer) => {
      for (let index = 0; !stopping; index += 1) {
        const name = `w${writer}-${index}`;
        await applyOne(store, sandbox(name, {}, { resourceVersion: 0 })).then(() => acknowledged.push(name), (error: unknown) => {
          refused.push(error);
          stopping = true;
        });
      }
    }),
  );
  return {
    stop: async () => {
      stopping = true;
      await writing;
      return { acknowledged, refused };
    },
  };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('losing the connection', () => {
  it.each([
    ['a restart', async () => void (await postgres.stop('fast'), await pause(300), await postgres.start())],
    ['a kill of its backends', () => Promise.resolve(void postgres.psql("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'sdp%'"))],
    ['kill -9 of PostgreSQL', async () => void (await postgres.kill(), await pause(300), await postgres.start())],
  ])('by %s loses and repeats nothing, and goes on by itself', async (_, hurt) => {
    const store = await open(newDatabase());
    await store.takeLeadership();
    const writing = keepWriting(store);
    await pause(300);
    await hurt().catch((error: unknown) => writing.stop().then(() => Promise.reject(error as Error)));
    await pause(1_500);
    const { acknowledged, refused } = await writing.stop();
    // A write that ran twice would have met itself: resourceVersion 0 says that there is none yet.
    expect(refused).toEqual([]);
    const stored = new Set((await store.list('Sandbox')).map(({ metadata }) => metadata.name));
    expect(acknowledged.filter((name) => !stored.has(name))).toEqual([]);
    expect(stored.size).toBe(acknowledged.length);
    expect(acknowledged.length).toBeGreaterThan(20);
  });

  it('makes writes wait, then refuses them naming the database without a password, and works again afterwards', async () => {
    const database = newDatabase();
    const url = `${postgres.url(database)}`.replace('sdp@', 'sdp:hunter2@');
    const store = await open(database, { url, stallMs: 1_000 });
    await postgres.stop('fast');
    const began = performance.now();
    const error: unknown = await applyOne(store, sandbox('A')).catch((thrown: unknown) => thrown);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining(`"${database}" on ${postgres.socket}`) as string, hint: expect.stringContaining('by itself') as string });
    expect(JSON.stringify([error, String(error)])).not.toContain('hunter2');
    await expect(store.list('Sandbox')).rejects.toMatchObject({ code: 'unavailable' });
    await postgres.start();
    await expect.poll(() => applyOne(store, sandbox('A')).then(({ outcome }) => outcome, () => 'refused')).toMatch(/created|unchanged/);
    expect(await store.list('Sandbox')).toHaveLength(1);
  });

  it('goes on telling watchers of what others write', async () => {
    const database = newDatabase();
    const [store, other] = [await open(database), await open(database)];
    const { seen, stop } = watchNames(store);
    await applyOne(other, sandbox('A'));
    await expect.poll(() => seen).toEqual(['A']);
    postgres.psql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sdp listener'");
    await pause(1_500);
    const began = performance.now();
    await applyOne(other, sandbox('B'));
    await expect.poll(() => seen, { interval: 5 }).toEqual(['A', 'B']);
    console.log(`woken ${(performance.now() - began).toFixed(0)} ms after the call of the write`);
    await stop();
  });
});

describe('a database', () => {
  it('of another program or of a newer release is refused and left as it is', async () => {
    const foreign = newDatabase();
    postgres.psql('create table invoices (id int)', foreign);
    await expect(open(foreign)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('"invoices"') as string });
    expect(postgres.psql("select count(*) from information_schema.tables where table_schema = 'public'", foreign)).toBe('1');
    const newer = newDatabase();
    await (await openStore({ url: postgres.url(newer), masterKeys: testKeys })).close();
    postgres.psql("insert into kysely_migration values ('999-later', '2030-01-01')", newer);
    await expect(open(newer)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('newer release') as string });
  });

  it('that cannot keep one text refuses its write alone, although others share its transaction', async () => {
    const store = await open(newDatabase());
    const bad = { ...sandbox('bad'), text: 'name: \0' };
    const outcomes = await Promise.allSettled([applyOne(store, sandbox('A')), applyOne(store, bad), applyOne(store, sandbox('B'))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'invalid_request', message: expect.stringContaining('NUL') as string } });
    expect((await store.list('Sandbox')).map(({ metadata }) => metadata.name)).toEqual(['A', 'B']);
  });

  it('that is not there is named', async () => {
    await expect(open('nowhere')).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('"nowhere"') as string });
  });

  it('whose disk is full refuses writes, reads on, and takes writes again when there is room', async () => {
    await withSmallDisk(64, async (disk) => {
      const data = path.join(disk.folder, 'data');
      const wal = mkdtempSync(path.join(tmpdir(), 'sdp-wal-'));
      mkdirSync(data);
      rmSync(wal, { recursive: true });
      const small = await startPostgres({ data, wal, settings: { shared_buffers: '16MB' } });
      try {
        small.create('sdp');
        const store = await openStore({ url: small.url('sdp'), masterKeys: testKeys });
        opened.push(store);
        await applyOne(store, sandbox('before'));
        disk.fill();
        let failure: unknown;
        // Pages that are there already take the first ones.
        for (let index = 0; failure === undefined && index < 200; index += 1) {
          await applyOne(store, sandbox(`s${index}`, { description: 'x'.repeat(7_000) })).catch((error: unknown) => (failure = error));
        }
        expect(failure).toMatchObject({ code: 'disk_full' });
        expect((await store.get('Sandbox', 'before'))?.metadata.name).toBe('before');
        disk.empty();
        expect((await applyOne(store, sandbox('after', { description: 'x'.repeat(7_000) }))).outcome).toBe('created');
        await store.close();
      } finally {
        await small.remove();
        rmSync(wal, { recursive: true, force: true });
      }
    });
  });
});
