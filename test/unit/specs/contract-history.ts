import { describe, expect, it } from 'vitest';
import type { SandboxStatus, ServiceStatus } from '#schema/status';
import type { Subject } from './contract.ts';
import { ana, applyOne, ben, environment, onBranch, sandbox } from './fixtures.ts';

function status(ready: 'True' | 'False', more: { version?: number; reason?: string; account?: ServiceStatus } = {}): SandboxStatus {
  return {
    observedGeneration: 1,
    observedResourceVersion: more.version ?? 1,
    sync: 'Synced',
    health: 'Healthy',
    operation: 'RUNNING',
    conditions: [{ type: 'Ready', status: ready, reason: more.reason ?? 'R', message: 'm', lastTransitionTime: '' }],
    services: more.account === undefined ? {} : { account: more.account },
  };
}

export function historyContract(subject: Subject): void {
  describe('history', () => {
    it('keeps each revision with labels and text, found by number or resourceVersion, also when the document is gone', async () => {
      const { store } = subject;
      const first = await applyOne(store, { ...environment('qa', { variables: { A: '1' } }), text: '# a\n' });
      await applyOne(store, environment('qa', {}), ben);
      await store.delete('Environment', 'qa', ben);
      expect(await store.revision('Environment', 'qa', { revision: 1 })).toMatchObject({ author: 'ana', text: '# a\n', labels: {}, spec: { variables: { A: '1' } } });
      const { resourceVersion } = first.document.metadata;
      expect(await store.revision('Environment', 'qa', { resourceVersion })).toMatchObject({ revision: 1 });
      expect(await store.revision('Environment', 'qa', { revision: 3 })).toMatchObject({ deleted: true, author: 'ben' });
      expect(await store.revision('Environment', 'qa', { revision: 4 })).toBeUndefined();
      await expect(store.revision('Environment', 'none', { revision: 1 })).rejects.toMatchObject({ code: 'not_found' });
    });

    it('deletes in the transaction of the writes, after them, or not at all', async () => {
      const { store } = subject;
      await applyOne(store, environment('qa', {}));
      await applyOne(store, sandbox('a', { environments: ['qa'] }));
      const gone = [{ kind: 'Environment', name: 'qa' }] as const;
      await expect(store.apply([sandbox('b')], ana, gone)).rejects.toMatchObject({ code: 'conflict' });
      expect(await store.get('Sandbox', 'b')).toBeUndefined();
      expect(await store.dryRun([sandbox('a', {})], ana, gone)).toMatchObject([{ outcome: 'configured' }, { outcome: 'deleted' }]);
      expect(await store.apply([sandbox('a', {})], ana, gone)).toMatchObject([{ outcome: 'configured' }, { outcome: 'deleted', document: { metadata: { name: 'qa' } } }]);
      expect(await store.get('Environment', 'qa')).toBeUndefined();
    });

    it('knows where a document comes from, and whether it is as it was applied from there', async () => {
      const { store } = subject;
      const managedBy = { source: 'repo', revision: 'c1' };
      const managed = async () => (await store.get('Sandbox', 'a'))?.metadata.managedBy;
      await applyOne(store, { ...sandbox('a', onBranch('account')), managedBy });
      expect(await managed()).toEqual({ ...managedBy, applied: 1 });
      await applyOne(store, { ...sandbox('a', onBranch('account')), bump: true }, ben);
      expect(await managed()).not.toHaveProperty('edited');
      await applyOne(store, sandbox('a', onBranch('account', 'payment')), ben);
      expect(await managed()).toMatchObject({ applied: 1, edited: { by: 'ben', revision: 3 } });
      await applyOne(store, sandbox('a', onBranch('account')), ben);
      expect(await managed()).not.toHaveProperty('edited');
      const version = await store.currentVersion();
      const same = await applyOne(store, { ...sandbox('a', onBranch('account')), managedBy: { source: 'repo', revision: 'c2' } });
      expect(same.outcome).toBe('unchanged');
      expect(await managed()).toEqual({ source: 'repo', revision: 'c2', applied: 4 });
      expect(await store.currentVersion()).toBe(version);
    });

    it('keeps the value of a secret that is only named', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, environment('db', { secrets: { P: 'first' } }));
      await applyOne(store, environment('db', { secrets: { P: 'second' } }));
      expect(await applyOne(store, environment('db', { secrets: { P: { version: 0 } } }))).toMatchObject({ outcome: 'unchanged' });
      expect(await store.readSecrets(document.metadata.uid)).toEqual({ P: 'second' });
      await expect(applyOne(store, environment('db', { secrets: { Q: { version: 0 } } }))).rejects.toMatchObject({ code: 'invalid_document' });
    });
  });

  describe('transitions', () => {
    it('tell of Ready, with the versions that it last worked with, and of containers that ended', async () => {
      const { store } = subject;
      const { uid } = (await applyOne(store, sandbox('a'))).document.metadata;
      const account: ServiceStatus = { state: 'RUNNING', container: 'c1', restarts: 0 };
      await store.writeStatus(uid, status('False', { reason: 'Progressing', account }));
      await store.writeStatus(uid, status('True', { version: 3, account }));
      await store.writeStatus(uid, status('True', { version: 5, account }));
      await store.writeStatus(uid, status('False', { version: 7, account: { ...account, state: 'FAILED', restarts: 2 } }));
      await store.writeStatus(uid, status('False', { version: 8, account: { state: 'QUEUED' } }));
      const found = await store.transitions(uid);
      expect(found.map(({ kind, status: is, reason, observedVersion }) => [kind, is, reason, observedVersion])).toEqual([
        ['ready', 'False', 'R', 5],
        ['restarted', 'FAILED', 'EngineRestarted', 7],
        ['ready', 'True', 'R', 3],
        ['ready', 'False', 'Progressing', 1],
      ]);
      expect(await store.transitions(uid, { limit: 1 })).toHaveLength(1);
      expect(await store.transitions(uid, { until: '2000-01-01' })).toEqual([]);
      expect(await store.transitions('nobody')).toEqual([]);
    });

    it('tell of a container that is lost, and not of one that is replaced', async () => {
      const { store } = subject;
      const { uid } = (await applyOne(store, sandbox('a'))).document.metadata;
      const account: ServiceStatus = { state: 'RUNNING', container: 'c1', commit: 'a', deployment: 'd1' };
      await store.writeStatus(uid, status('True', { account }));
      await store.writeStatus(uid, status('True', { account: { state: 'BUILDING', deployment: 'd2' } }));
      await store.writeStatus(uid, status('True', { account: { ...account, deployment: 'd2' } }));
      await store.writeStatus(uid, status('True', { account: { state: 'QUEUED', deployment: 'd2' } }));
      expect((await store.transitions(uid)).filter(({ kind }) => kind !== 'ready')).toMatchObject([{ kind: 'lost', service: 'account' }]);
    });
  });

  describe('the audit', () => {
    it('is found by every part of it, either way round', async () => {
      const { store } = subject;
      const entry = { at: '2026-01-01T00:00:00.000Z', user: 'ana', action: 'route.set', sandbox: 'QA-1', outcome: 'ok' } as const;
      await store.addAudit(entry);
      await store.addAudit({ ...entry, at: '2026-01-02T00:00:00.000Z', user: 'ben', action: 'routes_x', environment: 'Db', outcome: 'refused' });
      const users = async (filter: Parameters<typeof store.audit>[0]): Promise<string[]> => (await store.audit(filter)).map(({ user }) => user);
      expect(await users({})).toEqual(['ben', 'ana']);
      expect(await users({ oldestFirst: true })).toEqual(['ana', 'ben']);
      expect(await users({ after: 1 })).toEqual(['ben']);
      expect(await users({ before: 2 })).toEqual(['ana']);
      expect(await users({ action: 'route' })).toEqual(['ana']);
      expect(await users({ action: 'route_' })).toEqual([]);
      expect(await users({ environment: 'db', outcome: 'refused', user: 'ben', sandbox: 'qa-1' })).toEqual(['ben']);
      expect(await users({ since: '2026-01-02T00:00:00.000Z' })).toEqual(['ben']);
      expect(await users({ until: '2026-01-02T00:00:00.000Z' })).toEqual(['ana']);
    });
  });
}
