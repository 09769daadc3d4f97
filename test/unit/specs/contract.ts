/** What every store must do, whatever database is behind it. */
import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '#specs/store';
import { allocationContract } from './contract-allocations.ts';
import { deletionContract } from './contract-deletion.ts';
import { documentContract } from './contract-documents.ts';
import { durabilityContract } from './contract-durability.ts';
import { historyContract } from './contract-history.ts';
import { nameContract } from './contract-names.ts';
import { propertyContract } from './contract-properties.ts';
import { recordContract } from './contract-records.ts';
import { retentionContract } from './contract-retention.ts';
import { secretContract } from './contract-secrets.ts';
import { snapshotContract } from './contract-snapshots.ts';
import { watchContract } from './contract-watch.ts';
import type { TestDatabase } from './fixtures.ts';

/** The store of the running test, freshly opened on an empty database. */
export interface Subject {
  readonly store: Store;
  readonly database: TestDatabase;
  /** Opens a further store on the same database; closed after the test. */
  another(options?: Parameters<TestDatabase['open']>[0]): Promise<Store>;
  /** Opens a store on a further, empty database. */
  elsewhere(): Promise<Store>;
}

export function storeContract(name: string, makeDatabase: () => Promise<TestDatabase>): void {
  describe(`the store on ${name}`, () => {
    let opened: Store[] = [];
    let databases: TestDatabase[] = [];
    let store: Store | undefined;

    async function begin(): Promise<Store> {
      const database = await makeDatabase();
      databases.push(database);
      const made = await database.open();
      opened.push(made);
      return made;
    }

    beforeEach(async () => {
      opened = [];
      databases = [];
      store = await begin();
    });
    afterEach(async () => {
      for (const each of opened) await each.close();
      for (const database of databases) await database.remove();
    });

    const subject: Subject = {
      get store() {
        if (store === undefined) throw new Error('no test is running');
        return store;
      },
      get database() {
        const [database] = databases;
        if (database === undefined) throw new Error('no test is running');
        return database;
      },
      async another(options) {
        const made = await subject.database.open(options);
        opened.push(made);
        return made;
      },
      elsewhere: begin,
    };

    documentContract(subject);
    nameContract(subject);
    deletionContract(subject);
    secretContract(subject);
    snapshotContract(subject);
    watchContract(subject);
    historyContract(subject);
    recordContract(subject);
    allocationContract(subject);
    durabilityContract(subject);
    retentionContract(subject);
    propertyContract(subject);
  });
}
