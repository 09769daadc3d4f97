import { describe, expect, it } from 'vitest';
import type { Change, Store } from '#specs/store';
import type { Subject } from './contract.ts';
import { applyOne, removeSandbox, sandbox, service, status } from './fixtures.ts';

/** Reads changes until `count` have come. */
async function take(store: Store, since: number, count: number): Promise<Change[]> {
  const abort = new AbortController();
  const changes: Change[] = [];
  for await (const change of store.watch(since, abort.signal)) {
    changes.push(change);
    if (changes.length === count) abort.abort();
  }
  return changes;
}

export function watchContract(subject: Subject): void {
  describe('watching', () => {
    it('answers the newest change of each key, in commit order', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('A'));
      await applyOne(store, sandbox('B'));
      const last = await applyOne(store, sandbox('A', { description: 'x' }));
      const changes = await take(store, 0, 2);
      expect(changes.map(({ name }) => name)).toEqual(['B', 'A']);
      expect(changes[1]).toEqual({
        kind: 'Sandbox',
        slug: 'a',
        name: 'A',
        uid: last.document.metadata.uid,
        resourceVersion: 3,
        gone: false,
      });
      expect(await take(store, 2, 1)).toMatchObject([{ name: 'A' }]);
    });

    it('follows live, without a status waking anybody, and ends when aborted', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, sandbox('A'));
      const live = take(store, await store.currentVersion(), 2);
      await store.writeStatus(document.metadata.uid, status(1));
      await applyOne(store, service('account'));
      await applyOne(store, service('user'));
      expect((await live).map(({ name }) => name)).toEqual(['account', 'user']);
    });

    it('says when a document is gone', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('A'));
      await removeSandbox(store, 'A');
      expect(await take(store, 0, 1)).toMatchObject([{ name: 'A', gone: true }]);
    });

    it('misses nothing while a slow reader reads many changes', async () => {
      const { store } = subject;
      const abort = new AbortController();
      const seen = new Set<string>();
      const reading = (async () => {
        for await (const change of store.watch(0, abort.signal)) {
          await new Promise((resolve) => setImmediate(resolve));
          seen.add(change.slug);
          if (change.slug === 'last') abort.abort();
        }
      })();
      await Promise.all(Array.from({ length: 450 }, (_, index) => applyOne(store, service(`s${index}`))));
      await applyOne(store, service('last'));
      await reading;
      expect(seen.size).toBe(451);
    });

    it('ends watches when the store closes', async () => {
      const other = await subject.another();
      const ended = (async () => {
        for await (const _ of other.watch(0, new AbortController().signal)) throw new Error('nothing was written');
      })();
      await other.close();
      await ended;
    });

    it('sees what another process wrote', async () => {
      const other = await subject.another();
      const seen = take(subject.store, 0, 1);
      await applyOne(other, sandbox('A'));
      expect(await seen).toMatchObject([{ name: 'A' }]);
    });
  });
}
