import { describe, expect, it } from 'vitest';
import type { Subject } from './contract.ts';
import { ana, applyOne, ben, environment, onBranch, resolution, sandbox, service, status } from './fixtures.ts';

export function documentContract(subject: Subject): void {
  describe('documents', () => {
    it('makes a document with identity, generation 1 and one revision', async () => {
      const { store } = subject;
      const { document, outcome, before } = await applyOne(store, {
        ...sandbox('QA-LOGIN', onBranch('account')),
        text: 'kind: Sandbox # mine',
      });
      expect(outcome).toBe('created');
      expect(before).toBeUndefined();
      expect(document.metadata).toMatchObject({
        name: 'QA-LOGIN',
        slug: 'qa-login',
        generation: 1,
        revision: 1,
        createdBy: 'ana',
        finalizers: ['sdp/cleanup'],
      });
      expect(await store.get('Sandbox', 'qa-Login')).toEqual(document);
      expect(await store.getByUid(document.metadata.uid)).toEqual(document);
      expect(await store.text('Sandbox', 'QA-LOGIN')).toBe('kind: Sandbox # mine');
      expect(await store.revisions('Sandbox', 'qa-login')).toMatchObject([
        { revision: 1, generation: 1, author: 'ana', message: 'because', deleted: false },
      ]);
    });

    it('raises the generation with the spec, and keeps every revision as it was', async () => {
      const { store } = subject;
      const first = await applyOne(store, sandbox('QA', onBranch('account')));
      const second = await applyOne(store, sandbox('QA', onBranch('account', 'user')), ben);
      expect(second).toMatchObject({ outcome: 'configured', before: first.document });
      expect(second.document.metadata).toMatchObject({
        generation: 2,
        revision: 2,
        createdBy: 'ana',
        updatedBy: 'ben',
        uid: first.document.metadata.uid,
      });
      expect(second.document.metadata.resourceVersion).toBeGreaterThan(first.document.metadata.resourceVersion);
      const revisions = await store.revisions('Sandbox', 'QA');
      expect(revisions.map((revision) => revision.spec)).toEqual([onBranch('account', 'user'), onBranch('account')]);
    });

    it('changes nothing when what is there is applied again, in whatever order of keys', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, {
        ...sandbox('QA', { description: 'a', run: 'active' }),
        text: 'one',
      });
      const again = await applyOne(store, { ...sandbox('qa', { run: 'active', description: 'a' }), text: 'one' });
      expect(again).toEqual({ outcome: 'unchanged', document, before: document });
      expect(await applyOne(store, sandbox('QA', { description: 'a', run: 'active' }))).toMatchObject({
        outcome: 'unchanged',
      });
      expect(await store.revisions('Sandbox', 'QA')).toHaveLength(1);
      expect(await store.currentVersion()).toBe(document.metadata.resourceVersion);
    });

    it('makes a revision, not a generation, of new labels or another text', async () => {
      const { store } = subject;
      await applyOne(store, { ...sandbox('QA'), text: 'one' });
      const labelled = await applyOne(store, { ...sandbox('QA', {}, { labels: { team: 'web' } }), text: 'one' });
      expect(labelled.document.metadata).toMatchObject({ generation: 1, revision: 2, labels: { team: 'web' } });
      const texted = await applyOne(store, { ...sandbox('QA', {}, { labels: { team: 'web' } }), text: 'two' });
      expect(texted.document.metadata).toMatchObject({ generation: 1, revision: 3 });
      expect(await store.text('Sandbox', 'QA')).toBe('two');
    });

    it('forgets the text when the spec moves on without one, and keeps it over a deploy', async () => {
      const { store } = subject;
      await applyOne(store, { ...sandbox('QA', onBranch('account')), text: 'one' });
      const bumped = await applyOne(store, { ...sandbox('QA', onBranch('account')), bump: true });
      expect(bumped).toMatchObject({ outcome: 'configured', document: { metadata: { generation: 2, revision: 2 } } });
      expect(await store.text('Sandbox', 'QA')).toBe('one');
      await applyOne(store, sandbox('QA', onBranch('user')));
      expect(await store.text('Sandbox', 'QA')).toBeUndefined();
    });

    it('refuses a stale write and names both versions', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, sandbox('QA', { description: '1' }));
      const stale = document.metadata.resourceVersion;
      const newer = await applyOne(store, sandbox('QA', { description: '2' }, { resourceVersion: stale }), ben);
      const current = newer.document.metadata.resourceVersion;
      const refused = store.apply([sandbox('QA', { description: '3' }, { resourceVersion: stale })], ana);
      await expect(refused).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(new RegExp(`\\b${current}\\b.*ben.*\\b${stale}\\b`)) as string,
      });
      expect((await store.get('Sandbox', 'QA'))?.spec).toEqual({ description: '2' });
      await expect(store.apply([sandbox('NEW', {}, { resourceVersion: 4 })], ana)).rejects.toMatchObject({
        code: 'conflict',
      });
      await expect(store.apply([sandbox('QA', {}, { resourceVersion: 0 })], ana)).rejects.toMatchObject({
        code: 'conflict',
      });
      expect((await applyOne(store, sandbox('NEW', {}, { resourceVersion: 0 }))).outcome).toBe('created');
    });

    it('applies several documents all or none', async () => {
      const { store } = subject;
      const before = await store.currentVersion();
      const stale = sandbox('B', {}, { resourceVersion: 99 });
      await expect(
        store.apply([sandbox('A', onBranch('account')), service('account'), stale], ana),
      ).rejects.toMatchObject({ code: 'conflict' });
      expect(await store.list('Sandbox')).toEqual([]);
      expect(await store.list('Service')).toEqual([]);
      expect(await store.currentVersion()).toBe(before);
      await store.apply([sandbox('B'), sandbox('A'), environment('a', {})], ana);
      expect((await store.list('Sandbox')).map((document) => document.metadata.name)).toEqual(['A', 'B']);
      await expect(store.apply([sandbox('C'), sandbox('c')], ana)).rejects.toMatchObject({ code: 'invalid_document' });
    });

    it('gives each of many queued writes its own outcome', async () => {
      const { store } = subject;
      const writes = Array.from({ length: 60 }, (_, index) =>
        store.apply([sandbox(`S${index % 50}`, {}, { resourceVersion: 0 })], ana),
      );
      const outcomes = await Promise.allSettled(writes);
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(50);
      expect(await store.list('Sandbox')).toHaveLength(50);
    });

    it('rehearses without writing', async () => {
      const { store } = subject;
      const [rehearsed] = await store.dryRun([sandbox('QA', onBranch('account'))], ana);
      expect(rehearsed).toMatchObject({ outcome: 'created', document: { metadata: { generation: 1 } } });
      expect(await store.get('Sandbox', 'QA')).toBeUndefined();
      expect(await store.currentVersion()).toBe(0);
      await applyOne(store, sandbox('QA', onBranch('account')));
      await expect(store.dryRun([sandbox('qa.', {})], ana)).rejects.toMatchObject({ code: 'invalid_document' });
    });

    it('keeps resolutions that travel with a write under the generation that it makes', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, sandbox('QA', onBranch('account')));
      const {
        sandboxUid: _uid,
        generation: _generation,
        resolvedAt: _at,
        resolvedBy: _by,
        ...carried
      } = resolution('', 0, 'a'.repeat(40));
      await applyOne(store, { ...sandbox('QA', onBranch('account')), bump: true, resolutions: [carried] }, ben);
      expect(await store.resolutions(document.metadata.uid)).toMatchObject([
        { generation: 2, commit: 'a'.repeat(40), resolvedBy: 'ben' },
      ]);
    });

    it('writes status apart from the spec, and only what differs', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, sandbox('QA'));
      const { uid, resourceVersion } = document.metadata;
      expect(await store.writeStatus(uid, status(1))).toBe(true);
      expect(await store.writeStatus(uid, status(1))).toBe(false);
      expect((await store.get('Sandbox', 'QA'))?.status).toEqual(status(1));
      expect(await store.currentVersion()).toBe(resourceVersion);
      const saved = await applyOne(store, sandbox('QA', { description: 'new' }, { resourceVersion }));
      expect(saved.document.status).toEqual(status(1));
      expect(await store.writeStatus(uid, status(2))).toBe(true);
      expect(await store.writeStatus(uid, status(1, { health: 'Degraded' }))).toBe(false);
      await expect(store.writeStatus('nobody', status(1))).rejects.toMatchObject({ code: 'not_found' });
    });

    it('answers nothing for names that there are not, and throws where one is needed', async () => {
      const { store } = subject;
      expect(await store.get('Sandbox', 'none')).toBeUndefined();
      expect(await store.get('Sandbox', '../../etc')).toBeUndefined();
      expect(await store.getByUid('none')).toBeUndefined();
      await expect(store.revisions('Sandbox', 'none')).rejects.toMatchObject({ code: 'not_found' });
      await expect(store.delete('Route', 'none', ana)).rejects.toMatchObject({ code: 'not_found' });
      await expect(store.restore('Route', 'none', ana)).rejects.toMatchObject({ code: 'not_found' });
    });
  });
}
