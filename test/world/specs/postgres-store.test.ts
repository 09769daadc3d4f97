/** The contract of the store on PostgreSQL: the same tests as on SQLite. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openStore } from '#specs/open-store';
import { storeContract } from '../../unit/specs/contract.ts';
import { testKeys, type TestDatabase } from '../../unit/specs/fixtures.ts';
import { startPostgres, type Postgres } from '../support/postgres.ts';

let postgres: Postgres;
let made = 0;

beforeAll(async () => {
  postgres = await startPostgres({ settings: { fsync: 'off' } });
});
afterAll(() => postgres.remove());

/** Databases that are empty again: making one anew takes longer than most tests. */
const free: string[] = [];

const EMPTY = `do $$ declare name text; begin
  for name in select table_name from information_schema.tables where table_schema = 'public' and table_name not like 'kysely%' and table_name <> 'leases'
    order by table_name in ('documents') loop execute format('delete from %I', name); end loop;
  update leases set epoch = 0, holder = null, expires_at = 0, batch = null;
end $$`;

function makeOne(): string {
  made += 1;
  postgres.create(`t${made}`);
  return `t${made}`;
}

function postgresDatabase(): Promise<TestDatabase> {
  const name = free.pop() ?? makeOne();
  return Promise.resolve({
    open: (options) => openStore({ url: postgres.url(name), masterKeys: testKeys, ...options }),
    async bytes() {
      postgres.psql('checkpoint', name);
      const files = await readdir(postgres.data, { recursive: true, withFileTypes: true });
      return Buffer.concat(await Promise.all(files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name)))));
    },
    remove() {
      postgres.psql(EMPTY, name);
      free.push(name);
      return Promise.resolve();
    },
  });
}

storeContract('PostgreSQL', postgresDatabase);
