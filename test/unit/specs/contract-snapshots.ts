import { describe, expect, it } from 'vitest';
import type { SnapshotSpec } from '#schema/documents';
import type { Subject } from './contract.ts';
import { ana, applyOne, ben, environment, onBranch, removeSandbox, resolution, sandbox, snapshot } from './fixtures.ts';

export function snapshotContract(subject: Subject): void {
  describe('snapshots', () => {
    it('never change, and may be deleted', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, snapshot('s', 'first'));
      await expect(store.apply([snapshot('s', 'second')], ben)).rejects.toMatchObject({ code: 'immutable' });
      expect((await applyOne(store, snapshot('S', 'first'))).outcome).toBe('unchanged');
      expect(await store.get('Snapshot', 's')).toEqual(document);
      await store.delete('Snapshot', 's', ben);
      expect(await store.get('Snapshot', 's')).toBeUndefined();
    });

    it('are taken of one state: nothing is written between the reads of a look', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('A', { description: '0' }));
      await applyOne(store, sandbox('B', { description: '0' }));
      const write = async (number: number): Promise<void> => {
        await store.apply([sandbox('A', { description: String(number) }), sandbox('B', { description: String(number) })], ana);
      };
      const writes = Array.from({ length: 20 }, (_, index) => write(index + 1));
      const looks = Array.from({ length: 20 }, () =>
        store.look(async (view) => {
          const before = await view.currentVersion();
          const a = await view.get('Sandbox', 'A');
          await new Promise((resolve) => setImmediate(resolve));
          const b = await view.get('Sandbox', 'B');
          return { same: a?.spec.description === b?.spec.description, still: before === (await view.currentVersion()) };
        }),
      );
      expect(await Promise.all(looks)).toEqual(looks.map(() => ({ same: true, still: true })));
      await Promise.all(writes);
    });

    it('bring secret values with them, and find those of environments that are gone', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, environment('dev', { secrets: { DB: 'one' } }));
      await applyOne(store, environment('dev', { secrets: { DB: 'two' } }));
      await store.delete('Environment', 'dev', ana);
      expect(await store.secretValues(document.metadata.uid, { DB: { version: 1 }, OTHER: { version: 1 } })).toEqual({ DB: 'one' });
      const spec: Partial<SnapshotSpec> = { importedAt: '2026-01-02T00:00:00Z', environments: [{ name: 'dev', uid: 'theirs', revision: 1, spec: { secrets: { DB: { version: 7 } } } }] };
      await applyOne(store, { ...snapshot('s', 'imported', spec), secrets: [{ uid: 'theirs', name: 'DB', version: 7, value: 'canary-value' }] });
      expect(await store.secretValues('theirs', { DB: { version: 7 } })).toEqual({ DB: 'canary-value' });
      expect((await subject.database.bytes()).includes('canary-value')).toBe(false);
      await store.delete('Snapshot', 's', ana);
      expect(await store.secretValues('theirs', { DB: { version: 7 } })).toEqual({});
      expect(await store.secretValues(document.metadata.uid, { DB: { version: 2 } })).toEqual({ DB: 'two' });
    });

    it('are told which commits sandboxes were resolved to, deleted ones for as long as they can be restored', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, sandbox('QA', onBranch('account')));
      for (const [generation, commit] of [[1, 'c1'], [2, 'c2'], [3, 'c1']] as const) await store.addResolution(resolution(document.metadata.uid, generation, commit));
      const far = '9999-01-01T00:00:00Z';
      const both = [{ repository: 'account', commit: 'c1' }, { repository: 'account', commit: 'c2' }];
      expect((await store.resolvedCommits(far)).sort((a, b) => (a.commit < b.commit ? -1 : 1))).toEqual(both);
      await removeSandbox(store, 'QA');
      expect(await store.resolvedCommits('2000-01-01T00:00:00Z')).toHaveLength(2);
      expect(await store.resolvedCommits(far)).toEqual([]);
    });
  });
}
