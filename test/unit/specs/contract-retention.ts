import { describe, expect, it } from 'vitest';
import type { Subject } from './contract.ts';
import { ana, applyOne, deployment, environment, onBranch, removeSandbox, resolution, sandbox, service, snapshot } from './fixtures.ts';

const later = (): string => new Date(Date.now() + 60_000).toISOString();
const earlier = (): string => new Date(Date.now() - 60_000).toISOString();

export function retentionContract(subject: Subject): void {
  describe('pages', () => {
    it('continue after a slug in the order of bytes, whatever changes in between', async () => {
      const { store } = subject;
      await store.apply(['a', 'a-b', 'a1', 'b', 'B2', 'z.z'].map((name) => service(name)), ana);
      const first = await store.page('Service', { limit: 2 });
      expect(first).toMatchObject({ documents: [{ metadata: { slug: 'a' } }, { metadata: { slug: 'a-b' } }], next: 'a-b' });
      await store.delete('Service', 'a-b', ana);
      await applyOne(store, service('a0'));
      const second = await store.page('Service', { after: 'a-b', limit: 3 });
      expect(second.documents.map(({ metadata }) => metadata.slug)).toEqual(['a0', 'a1', 'b']);
      const last = await store.page('Service', { after: 'b', limit: 2 });
      expect(last.documents.map(({ metadata }) => metadata.slug)).toEqual(['b2', 'z-z']);
      expect(last.next).toBeUndefined();
      expect(await store.page('Service', { after: 'zz', limit: 2 })).toEqual({ documents: [] });
    });
  });

  describe('retention', () => {
    it('leaves what was deleted later, and what is there', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('A'));
      await removeSandbox(store, 'A');
      await applyOne(store, sandbox('B'));
      expect(await store.compact({ deletedBefore: earlier() })).toEqual({ documents: 0, revisions: 0 });
      expect((await store.restore('Sandbox', 'A', ana)).metadata.revision).toBe(3);
      expect(await store.compact({ deletedBefore: later() })).toEqual({ documents: 0, revisions: 0 });
      expect(await store.list('Sandbox')).toHaveLength(2);
    });

    it('removes a deleted document with all that belongs to it, and leaves its name free', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, sandbox('A', onBranch('account')));
      const { uid } = document.metadata;
      await store.addResolution(resolution(uid, 1, 'c1'));
      await store.putDeployment(deployment('d1', { sandboxUid: uid }));
      await store.addDeploymentEvents([{ deploymentId: 'd1', event: 'FETCH_STARTED', at: '2026-01-01T00:00:00.000Z' } as never]);
      await applyOne(store, environment('dev', { secrets: { A: 'one' } }));
      await store.delete('Environment', 'dev', ana);
      await removeSandbox(store, 'A');
      expect(await store.compact({ deletedBefore: later() })).toEqual({ documents: 2, revisions: 0 });
      await expect(store.restore('Sandbox', 'A', ana)).rejects.toMatchObject({ code: 'not_found' });
      await expect(store.revisions('Environment', 'dev')).rejects.toMatchObject({ code: 'not_found' });
      expect([await store.resolutions(uid), await store.deployments({ sandboxUid: uid }), await store.deploymentEvents('d1')]).toEqual([[], [], []]);
      expect((await applyOne(store, sandbox('A', onBranch('account')))).document.metadata.revision).toBe(1);
    });

    it('keeps the secret values that a snapshot needs for as long as it is there', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, environment('dev', { secrets: { A: 'one' } }));
      const { uid, name, revision } = document.metadata;
      const environments = [{ name, uid, revision, spec: document.spec }] as never;
      await applyOne(store, snapshot('s', 'before', { environments }));
      await store.delete('Environment', 'dev', ana);
      expect(await store.compact({ deletedBefore: later() })).toMatchObject({ documents: 1 });
      expect(await store.secretValues(uid, { A: { version: 1 } })).toEqual({ A: 'one' });
      await store.delete('Snapshot', 's', ana);
      expect(await store.compact({ deletedBefore: later() })).toMatchObject({ documents: 1 });
      expect(await store.secretValues(uid, { A: { version: 1 } })).toEqual({});
    });

    it('keeps the revision that came from a document\'s source, by which drift is measured', async () => {
      const { store } = subject;
      await applyOne(store, { ...sandbox('A', { description: 'from git' }), managedBy: { source: 'git' } });
      for (let index = 0; index < 4; index += 1) await applyOne(store, sandbox('A', { description: `${index}` }));
      expect(await store.compact({ deletedBefore: later(), revisionsKept: 1 })).toMatchObject({ revisions: 3 });
      const back = await applyOne(store, sandbox('A', { description: 'from git' }));
      expect(back.document.metadata.managedBy).toMatchObject({ source: 'git', applied: 1 });
      expect(back.document.metadata.managedBy?.edited).toBeUndefined();
    });

    it('resets a watch from before what it removed, and no other', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('A'));
      await applyOne(store, sandbox('B'));
      const old = await store.currentVersion();
      await removeSandbox(store, 'A');
      const after = await store.currentVersion();
      await applyOne(store, sandbox('C'));
      await store.compact({ deletedBefore: later() });
      const watch = async (since: number): Promise<string> => {
        for await (const { name } of store.watch(since, new AbortController().signal)) return name;
        return 'nothing';
      };
      await expect(watch(old)).rejects.toMatchObject({ code: 'compacted', hint: expect.stringContaining('List') as string });
      expect(await watch(after)).toBe('C');
      expect(await watch(0)).toBe('B');
    });

    it('bounds old revisions of a document, and never removes the newest', async () => {
      const { store } = subject;
      for (let index = 0; index < 6; index += 1) await applyOne(store, sandbox('A', { description: `${index}` }));
      expect(await store.compact({ deletedBefore: earlier(), revisionsKept: 2 })).toEqual({ documents: 0, revisions: 0 });
      expect(await store.compact({ deletedBefore: later(), revisionsKept: 2 })).toEqual({ documents: 0, revisions: 4 });
      expect((await store.revisions('Sandbox', 'A')).map(({ revision }) => revision)).toEqual([6, 5]);
      await store.compact({ deletedBefore: later(), revisionsKept: 0 });
      expect(await store.revisions('Sandbox', 'A')).toHaveLength(1);
      expect((await applyOne(store, sandbox('A', { description: 'x' }))).document.metadata.revision).toBe(7);
    });
  });
}
