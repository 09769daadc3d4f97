import { describe, expect, it } from 'vitest';
import type { Subject } from './contract.ts';
import {
  ana,
  applyOne,
  ben,
  environment,
  onBranch,
  removeSandbox,
  route,
  sandbox,
  service,
  status,
} from './fixtures.ts';

export function deletionContract(subject: Subject): void {
  describe('deleting and restoring', () => {
    it('marks a sandbox, refuses changes to it, and removes it with its route when cleanup is done', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, sandbox('QA', onBranch('account')));
      await applyOne(store, route('QA'));
      const marked = await store.delete('Sandbox', 'qa', ben);
      expect(marked.metadata).toMatchObject({
        finalizers: ['sdp/cleanup'],
        revision: 2,
        generation: 1,
        updatedBy: 'ben',
      });
      expect(marked.metadata.deletedAt).toBeDefined();
      expect(marked.metadata.resourceVersion).toBeGreaterThan(document.metadata.resourceVersion);
      expect(await store.list('Sandbox')).toEqual([marked]);
      expect(await store.delete('Sandbox', 'QA', ana)).toEqual(marked);
      const being = { code: 'conflict', message: expect.stringContaining('being deleted') as string };
      await expect(store.apply([sandbox('QA')], ana)).rejects.toMatchObject(being);
      await expect(store.apply([route('QA', 'sandbox')], ana)).rejects.toMatchObject(being);
      await expect(store.restore('Sandbox', 'QA', ana)).rejects.toMatchObject({ code: 'conflict' });

      await store.finishFinalizer(document.metadata.uid, 'sdp/cleanup');
      await store.finishFinalizer(document.metadata.uid, 'sdp/cleanup');
      expect(await store.get('Sandbox', 'QA')).toBeUndefined();
      expect(await store.getByUid(document.metadata.uid)).toBeUndefined();
      expect(await store.get('Route', 'QA')).toBeUndefined();
      expect(await store.writeStatus(document.metadata.uid, status(1))).toBe(false);
      expect(await store.revisions('Sandbox', 'QA')).toMatchObject([
        { deleted: true, author: 'ben' },
        { deleted: false },
      ]);
    });

    it('refuses to finish what is not being deleted', async () => {
      const { document } = await applyOne(subject.store, sandbox('QA'));
      await expect(subject.store.finishFinalizer(document.metadata.uid, 'sdp/cleanup')).rejects.toMatchObject({
        code: 'precondition_failed',
      });
    });

    it('restores under the same uid, generation and text, and a sandbox with its route', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, { ...sandbox('QA', onBranch('account')), text: 'mine' });
      await applyOne(store, route('QA', 'sandbox'));
      await store.writeStatus(document.metadata.uid, status(1));
      await removeSandbox(store, 'QA');
      const restored = await store.restore('Sandbox', 'qa', ben);
      expect(restored).toMatchObject({
        spec: document.spec,
        metadata: { uid: document.metadata.uid, generation: 1, revision: 3, finalizers: ['sdp/cleanup'] },
      });
      expect(restored.metadata.deletedAt).toBeUndefined();
      expect(restored.status).toBeUndefined();
      expect(await store.get('Sandbox', 'QA')).toEqual(restored);
      expect(await store.text('Sandbox', 'QA')).toBe('mine');
      expect((await store.get('Route', 'QA'))?.spec).toEqual({ routes: { account: { target: 'sandbox' } } });
      await expect(store.restore('Sandbox', 'QA', ana)).rejects.toMatchObject({ code: 'name_taken' });
    });

    it('does not restore over names that somebody took meanwhile', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('a', onBranch('b-c')));
      await removeSandbox(store, 'a');
      await applyOne(store, sandbox('a-b', onBranch('c')));
      await expect(store.restore('Sandbox', 'a', ana)).rejects.toMatchObject({ code: 'name_taken' });
      expect(await store.get('Sandbox', 'a')).toBeUndefined();
    });

    it('gives a name that was deleted to a new document with its own history', async () => {
      const { store } = subject;
      const old = await applyOne(store, environment('dev', { variables: { A: '1' } }));
      await store.delete('Environment', 'dev', ana);
      expect(await store.get('Environment', 'dev')).toBeUndefined();
      const fresh = await applyOne(store, environment('DEV', { variables: { A: '2' } }));
      expect(fresh).toMatchObject({ outcome: 'created', document: { metadata: { name: 'DEV', revision: 1 } } });
      expect(fresh.document.metadata.uid).not.toBe(old.document.metadata.uid);
      expect(await store.revisions('Environment', 'dev')).toHaveLength(1);
    });

    it('refuses to delete a service or an environment in use, naming the users', async () => {
      const { store } = subject;
      await store.apply(
        [environment('dev', {}), environment('free', {}), service('account', ['DEV']), service('free')],
        ana,
      );
      await store.apply(
        [sandbox('QA', onBranch('account')), sandbox('QB', { gateway: { environments: ['dev'] } })],
        ana,
      );
      await expect(store.delete('Service', 'account', ana)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('Sandbox "QA"') as string,
      });
      const message = expect.stringMatching(/Sandbox "QB".*Service "account"/) as string;
      await expect(store.delete('Environment', 'dev', ana)).rejects.toMatchObject({ code: 'conflict', message });
      await store.delete('Environment', 'free', ana);
      await store.delete('Service', 'free', ana);
      await store.delete('Sandbox', 'QA', ana);
      await store.delete('Service', 'account', ana);
    });
  });
}
