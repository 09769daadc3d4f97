import { describe, expect, it } from 'vitest';
import type { SdpError } from '#schema/errors';
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

    it('gives every leader a higher epoch', async () => {
      const time = 1_800_000_000_000;
      const old = await subject.another({ clock: () => time });
      expect(await old.takeLeadership()).toBe(time);
      expect(await old.takeLeadership()).toBe(time + 1);
      await applyOne(old, sandbox('A'));
      await old.close();
      const fresh = await subject.another({ clock: () => time - 60_000 });
      expect(await fresh.takeLeadership()).toBe(time + 2);
      await applyOne(fresh, sandbox('B'));
    });

    it('lets a second leader wait, tells it for whom, and lets it in when the first one closes', async () => {
      const first = await subject.another();
      const term = await first.takeLeadership({ url: 'http://first:7070' });
      const second = await subject.another();
      const seen: string[] = [];
      let waits: (() => void) | undefined;
      const waited = new Promise<void>((resolve) => (waits = resolve));
      const taken = second.takeLeadership({
        onWait: ({ holder, endsInMs }) => {
          expect(endsInMs).toBeGreaterThan(0);
          seen.push(holder);
          waits?.();
        },
      });
      await waited;
      expect(seen[0]).toContain(`process ${process.pid} on `);
      expect(seen[0]).toContain('http://first:7070');
      await applyOne(first, sandbox('A'));
      await first.close();
      expect(await taken).toBeGreaterThan(term);
      await applyOne(second, sandbox('B'));
      expect(await second.list('Sandbox')).toHaveLength(2);
    });

    it('ends a wait that is given up, and when the waiting store closes', async () => {
      await (await subject.another()).takeLeadership();
      const second = await subject.another();
      const abort = new AbortController();
      const ended = expect(second.takeLeadership({ signal: abort.signal })).rejects.toMatchObject({ code: 'unavailable' });
      abort.abort();
      await ended;
      const closing = expect(second.takeLeadership({ onWait: () => void second.close() })).rejects.toMatchObject({ code: 'unavailable' });
      await closing;
    });

    it('keeps a lease by renewing it, and lets others write meanwhile that never asked for it', async () => {
      const leader = await subject.another({ leaseMs: 600 });
      await leader.takeLeadership();
      let refused = 0;
      const abort = new AbortController();
      const waiting = (await subject.another({ leaseMs: 600 })).takeLeadership({ signal: abort.signal, onWait: () => (refused += 1) }).catch(() => 'gave up');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await applyOne(subject.store, sandbox('A'));
      await applyOne(leader, sandbox('B'));
      expect(refused).toBeGreaterThan(1);
      abort.abort();
      expect(await waiting).toBe('gave up');
    });

    it('refuses the writes of a leader whose lease ended and went to another, and tells it once', async () => {
      const told: SdpError[] = [];
      const old = await subject.another({ leaseMs: 1 });
      await old.takeLeadership({ onLost: (error) => told.push(error) });
      // Held up, as by a stopped process, until the other one has it.
      const fresh = await subject.another();
      await fresh.takeLeadership();
      await expect(old.apply([sandbox('B')], ana)).rejects.toMatchObject({ code: 'stale_epoch', message: expect.stringContaining(`process ${process.pid}`) as string });
      await expect(old.putSetting('a', 'b')).rejects.toMatchObject({ code: 'stale_epoch' });
      await expect.poll(() => told.length).toBe(1);
      expect(told[0]?.code).toBe('stale_epoch');
      await applyOne(fresh, sandbox('B'));
      expect(await old.list('Sandbox')).toHaveLength(1);
    });
  });
}
