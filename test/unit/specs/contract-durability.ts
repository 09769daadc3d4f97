import { describe, expect, it } from 'vitest';
import type { Subject } from './contract.ts';
import { ana, applyOne, environment, onBranch, route, sandbox, status } from './fixtures.ts';

export function durabilityContract(subject: Subject): void {
  describe('restarts and leaders', () => {
    it('has everything after it was closed and opened again', async () => {
      const { store } = subject;
      const { document } = await applyOne(store, { ...sandbox('QA', onBranch('account')), text: 'mine' });
      const { uid } = document.metadata;
      await applyOne(store, route('QA'));
      const secret = await applyOne(store, environment('dev', { secrets: { A: 'one' } }));
      await store.writeStatus(uid, status(1));
      const claimed = { engine: 'e', kind: 'gateway', sandboxUid: uid, sandbox: 'QA', service: 'gateway' } as const;
      const port = await store.claimPort(claimed, { from: 8080, to: 8090 }, []);
      const read = async (from: typeof store) => [
        await from.list('Sandbox'),
        await from.list('Route'),
        await from.revisions('Sandbox', 'QA'),
        await from.text('Sandbox', 'QA'),
        await from.readSecrets(secret.document.metadata.uid),
        await from.ports(),
        await from.currentVersion(),
      ];
      const before = await read(store);
      await store.close();
      const again = await subject.another();
      expect(await read(again)).toEqual(before);
      expect(await again.claimPort(claimed, { from: 8080, to: 8090 }, [])).toEqual(port);
      await expect(again.apply([sandbox('q-a', onBranch('account')), sandbox('q.a')], ana)).rejects.toMatchObject({
        code: 'name_taken',
      });
    });

    it('finishes queued writes when it closes, and refuses later ones', async () => {
      const { store } = subject;
      const queued = applyOne(store, sandbox('A'));
      await store.close();
      expect((await queued).outcome).toBe('created');
      await expect(store.apply([sandbox('B')], ana)).rejects.toMatchObject({ code: 'unavailable' });
      expect(await (await subject.another()).list('Sandbox')).toHaveLength(1);
    });

    it('gives every leader a higher epoch and refuses the writes of an older one', async () => {
      const time = 1_800_000_000_000;
      const old = await subject.another({ clock: () => time });
      const first = await old.takeLeadership();
      expect(first).toBe(time);
      expect(await old.takeLeadership()).toBe(time + 1);
      await applyOne(old, sandbox('A'));
      const fresh = await subject.another({ clock: () => time - 60_000 });
      expect(await fresh.takeLeadership()).toBe(time + 2);
      await expect(old.apply([sandbox('B')], ana)).rejects.toMatchObject({ code: 'stale_epoch' });
      await expect(old.putSetting('a', 'b')).rejects.toMatchObject({ code: 'stale_epoch' });
      expect(await old.list('Sandbox')).toHaveLength(1);
      await applyOne(fresh, sandbox('B'));
    });
  });
}
