import { describe, expect, it } from 'vitest';
import type { Subject } from './contract.ts';
import { ana, applyOne, onBranch, removeSandbox, sandbox, service } from './fixtures.ts';

export function nameContract(subject: Subject): void {
  describe('names', () => {
    it('takes another case of a name as the same document, and keeps the first writing', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('QA-Login'));
      const again = await applyOne(store, sandbox('qa-login', { description: 'x' }));
      expect(again).toMatchObject({ outcome: 'configured', document: { metadata: { name: 'QA-Login' } } });
    });

    it('refuses another name with the same slug, naming both', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('QA-1'));
      const message = expect.stringMatching(/qa_1.*QA-1/) as string;
      await expect(store.apply([sandbox('qa_1')], ana)).rejects.toMatchObject({ code: 'name_taken', message });
      await expect(store.apply([sandbox('a.b'), sandbox('a-b')], ana)).rejects.toMatchObject({ code: 'name_taken' });
      expect((await applyOne(store, service('qa_1'))).outcome).toBe('created');
    });

    it('refuses two sandboxes whose containers would have one name, naming both', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('a', onBranch('b-c')));
      const message = expect.stringMatching(/"c".*"a-b".*"b-c".*"a".*sandbox-a-b-c/) as string;
      await expect(store.apply([sandbox('a-b', onBranch('c'))], ana)).rejects.toMatchObject({
        code: 'name_taken',
        message,
      });
      expect(await store.get('Sandbox', 'a-b')).toBeUndefined();
      await expect(store.apply([sandbox('x', onBranch('a.b', 'a-b'))], ana)).rejects.toMatchObject({
        code: 'name_taken',
      });
      expect((await applyOne(store, sandbox('a-b', { services: { c: { use_ocp: true } } }))).outcome).toBe('created');
    });

    it('claims the gateway name for every sandbox', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('a', onBranch('b-gateway')));
      await expect(store.apply([sandbox('a-b')], ana)).rejects.toMatchObject({ code: 'name_taken' });
    });

    it('releases a name with the branch, in one apply with the claim of the other, and when the sandbox is gone', async () => {
      const { store } = subject;
      await applyOne(store, sandbox('a', onBranch('b-c')));
      await store.apply([sandbox('a-b', onBranch('c')), sandbox('a', { services: { 'b-c': { use_ocp: true } } })], ana);
      await expect(store.apply([sandbox('a', onBranch('b-c'))], ana)).rejects.toMatchObject({ code: 'name_taken' });
      await store.delete('Sandbox', 'a-b', ana);
      await expect(store.apply([sandbox('a', onBranch('b-c'))], ana)).rejects.toMatchObject({ code: 'name_taken' });
      await removeSandbox(store, 'a-b');
      expect((await applyOne(store, sandbox('a', onBranch('b-c')))).outcome).toBe('configured');
    });

    it('refuses a container name that is too long, saying by how much', async () => {
      const long = 'x'.repeat(40);
      const refused = subject.store.apply([sandbox(long, onBranch('a-service-with-a-name'))], ana);
      await expect(refused).rejects.toMatchObject({
        code: 'invalid_document',
        message: expect.stringContaining('70 characters') as string,
      });
    });
  });
}
