/**
 * Benchmark 8, the store: durable spec writes by 32 writers on SQLite and PostgreSQL, against the bare insert of the same
 * bytes as one row, and as the five rows that a new sandbox is (document, revision, three container names), one transaction
 * each, of the same durability. Then the first page of 10,000 documents, and how soon a watch wakes
 * its reader.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { MasterKeys } from '#specs/master-key';
import { openStore } from '#specs/open-store';
import type { Store, Write } from '#specs/store';
import { startPostgres } from '../world/support/postgres.ts';
import { median, ms, printJson, printTable, quantile } from './support/table.ts';

const WRITERS = 32;
/** Of each kind of run, which alternate. */
const RUNS = 3;
const SECONDS = 3;
const LISTED = 10_000;
const WAKES = 300;

interface Rate {
  perSecond: number;
  /** Milliseconds from the call to the acknowledged commit. */
  p50: number;
  p99: number;
}

interface Engine {
  name: string;
  store: Store;
  /** Another process's store on the same database. */
  other: Store;
  /** Inserts the text in a transaction of its own. */
  insert: (writer: number, id: string, text: string) => Promise<unknown>;
  /** Inserts the rows of a new sandbox in a transaction of their own. */
  insertRows: (writer: number, id: string, text: string) => Promise<unknown>;
  close: () => Promise<void>;
}

const BARE_TABLES = `
  create table bare (id text primary key, spec text not null);
  create table bare_documents (uid text primary key, name text not null unique, spec text not null);
  create table bare_revisions (uid text not null, revision integer not null, spec text not null, primary key (uid, revision));
  create table bare_names (name text primary key, uid text not null)`;
const CONTAINERS = ['gateway', 'account', 'payment'];

const sandbox = (name: string, value = ''): Write => ({
  draft: {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: { name },
    spec: { description: value, services: { account: { branch: 'feature/login-error' }, payment: { branch: 'develop' }, user: { use_ocp: true } } },
  },
});

export default async function store(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sdp-bench-store-'));
  try {
    for (const open of [openSqlite, openPostgres]) {
      const engine = await open(folder);
      try {
        await writes(engine);
        await listing(engine);
        await wakes(engine);
      } finally {
        await engine.close();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function openSqlite(folder: string): Promise<Engine> {
  const options = { url: `sqlite:${path.join(folder, 'sdp.db')}`, masterKeys: new MasterKeys([randomBytes(32)]) };
  const [store, other] = [await openStore(options), await openStore(options)];
  await store.takeLeadership();
  const bare = new Database(path.join(folder, 'bare.db'));
  for (const pragma of ['journal_mode = wal', 'synchronous = full']) bare.pragma(pragma);
  bare.exec(BARE_TABLES);
  const statement = bare.prepare('insert into bare values (?, ?)');
  const rows = {
    document: bare.prepare('insert into bare_documents values (?, ?, ?)'),
    revision: bare.prepare('insert into bare_revisions values (?, 1, ?)'),
    names: bare.prepare('insert into bare_names values (?, ?), (?, ?), (?, ?)'),
  };
  const insertAll = bare.transaction((id: string, text: string) => {
    rows.document.run(id, id, text);
    rows.revision.run(id, text);
    rows.names.run(...CONTAINERS.flatMap((name) => [`${id}-${name}`, id]));
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    name: 'SQLite',
    store,
    other,
    // A turn of the event loop each, as any server has.
    insert: async (_, id, text) => {
      await turn();
      statement.run(id, text);
    },
    insertRows: async (_, id, text) => {
      await turn();
      insertAll.immediate(id, text);
    },
    close: async () => {
      bare.close();
      await other.close();
      await store.close();
    },
  };
}

async function openPostgres(): Promise<Engine> {
  const postgres = await startPostgres();
  postgres.create('sdp');
  postgres.create('bare');
  postgres.psql(BARE_TABLES, 'bare');
  const options = { url: postgres.url('sdp'), masterKeys: new MasterKeys([randomBytes(32)]) };
  const [store, other] = [await openStore(options), await openStore(options)];
  await store.takeLeadership();
  const clients = Array.from({ length: WRITERS }, () => new pg.Client({ host: postgres.socket, user: 'sdp', database: 'bare' }));
  for (const client of clients) await client.connect();
  return {
    name: 'PostgreSQL',
    store,
    other,
    insert: async (writer, id, text) => clients[writer]?.query({ name: 'insert', text: 'insert into bare values ($1, $2)', values: [id, text] }),
    insertRows: async (writer, id, text) => {
      const client = clients[writer];
      await client?.query('begin');
      await client?.query({ name: 'document', text: 'insert into bare_documents values ($1, $2, $3)', values: [id, id, text] });
      await client?.query({ name: 'revision', text: 'insert into bare_revisions values ($1, 1, $2)', values: [id, text] });
      await client?.query({ name: 'names', text: 'insert into bare_names values ($1, $2), ($3, $4), ($5, $6)', values: CONTAINERS.flatMap((name) => [`${id}-${name}`, id]) });
      await client?.query('commit');
    },
    close: async () => {
      for (const client of clients) await client.end();
      await other.close();
      await store.close();
      await postgres.remove();
    },
  };
}

/** As many as fit into the time, each writer one after the other. */
async function measure(write: (writer: number, index: number) => Promise<unknown>): Promise<Rate> {
  const took: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let index = 0; performance.now() - began < SECONDS * 1_000; index += 1) {
        const before = performance.now();
        await write(writer, index);
        took.push(performance.now() - before);
      }
    }),
  );
  return { perSecond: (took.length / (performance.now() - began)) * 1_000, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
}

async function writes({ name, store, insert, insertRows }: Engine): Promise<void> {
  const kinds: Record<string, Rate[]> = { 'bare insert': [], 'bare insert, same rows': [], 'new documents': [], 'changed documents': [] };
  const user = { user: 'bench' };
  for (let run = 0; run < RUNS; run += 1) {
    const text = JSON.stringify(sandbox('x'.repeat(12)).draft);
    kinds['bare insert']?.push(await measure((writer, index) => insert(writer, `${run}-${writer}-${index}`, text)));
    kinds['bare insert, same rows']?.push(await measure((writer, index) => insertRows(writer, `${run}-${writer}-${index}`, text)));
    kinds['new documents']?.push(await measure((writer, index) => store.apply([sandbox(`n${run}-${writer}-${index}`)], user)));
    kinds['changed documents']?.push(await measure((writer, index) => store.apply([sandbox(`c${writer}`, `${run} ${index}`)], user)));
  }
  const of = (kind: string, figure: keyof Rate): number => median((kinds[kind] ?? []).map((rate) => rate[figure]));
  const [bare, sameRows] = [of('bare insert', 'perSecond'), of('bare insert, same rows', 'perSecond')];
  console.log(`\n${name}, ${WRITERS} writers`);
  printTable(
    ['what', 'per second', 'p50', 'p99', 'x bare', 'x same rows', 'p99 x bare'],
    Object.keys(kinds).map((kind) => [
      kind, of(kind, 'perSecond').toFixed(0), ms(of(kind, 'p50')), ms(of(kind, 'p99')), (of(kind, 'perSecond') / bare).toFixed(2), (of(kind, 'perSecond') / sameRows).toFixed(2), (of(kind, 'p99') / of('bare insert', 'p99')).toFixed(2),
    ]),
  );
  for (const kind of ['new documents', 'changed documents']) {
    printJson('store', `${name} ${kind}`, { ours: of(kind, 'perSecond'), rival: bare, ratio: of(kind, 'perSecond') / bare, sameRows, p99: of(kind, 'p99'), rivalP99: of('bare insert', 'p99'), unit: '1/s' });
  }
}

async function listing({ name, store }: Engine): Promise<void> {
  for (let from = 0; from < LISTED; from += 500) {
    await store.apply(Array.from({ length: 500 }, (_, index) => ({ draft: { apiVersion: 'sdp/v1', kind: 'Template', metadata: { name: `t${from + index}` }, spec: { description: 'x'.repeat(300) } } }) as Write), { user: 'bench' });
  }
  const first: number[] = [];
  for (let run = 0; run < 30; run += 1) {
    const began = performance.now();
    await store.page('Template', { limit: 1_000 });
    first.push(performance.now() - began);
  }
  console.log(`\n${name}: first page (1,000) of ${LISTED} documents: p50 ${ms(quantile(first, 0.5))}, p99 ${ms(quantile(first, 0.99))}`);
  printJson('store', `${name} first page`, { ours: quantile(first, 0.5), p99: quantile(first, 0.99), limit: 50, unit: 'ms' });
}

/** From the answer of a write to the reader, in the same process and by another connection. */
async function wakes({ name, store, other }: Engine): Promise<void> {
  for (const [where, reader] of [['same process', store], ['another process', other]] as const) {
    const abort = new AbortController();
    const seen = new Map<number, number>();
    const reading = (async () => {
      for await (const change of reader.watch(await store.currentVersion(), abort.signal)) seen.set(change.resourceVersion, performance.now());
    })();
    const committed = new Map<number, number>();
    for (let index = 0; index < WAKES; index += 1) {
      const [result] = await store.apply([sandbox('wake', `${where} ${index}`)], { user: 'bench' });
      committed.set(result?.document.metadata.resourceVersion ?? 0, performance.now());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    abort.abort();
    await reading;
    // A version that another one overtook before the reader looked has no time of its own.
    const late = [...committed].flatMap(([version, at]) => (seen.has(version) ? [(seen.get(version) ?? 0) - at] : []));
    console.log(`${name}: a watch in ${where} wakes its reader: p50 ${ms(quantile(late, 0.5))}, p99 ${ms(quantile(late, 0.99))} (${late.length} of ${WAKES})`);
    printJson('store', `${name} wake, ${where}`, { ours: quantile(late, 0.99), limit: 50, unit: 'ms' });
  }
}
