import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EnvironmentSpec } from '#schema/documents';
import { MasterKeys } from '#specs/master-key';
import type { Store } from '#specs/store';
import type { Subject } from './contract.ts';
import { ana, applyOne, environment } from './fixtures.ts';

const secret = (): string => `hunter2-${randomBytes(9).toString('hex')}`;

async function write(store: Store, secrets: NonNullable<EnvironmentSpec['secrets']>) {
  const result = await applyOne(store, environment('dev', { secrets }));
  return { ...result, uid: result.document.metadata.uid, secrets: (result.document.spec as EnvironmentSpec).secrets };
}

export function secretContract(subject: Subject): void {
  describe('secrets', () => {
    it('shows references only, and gives the values to who asks for them', async () => {
      const { store } = subject;
      const [one, two] = [secret(), ''];
      const made = await write(store, { DB: one, EMPTY: two });
      expect(made.secrets).toEqual({
        DB: { version: 1, updatedAt: expect.any(String) as string },
        EMPTY: { version: 1, updatedAt: expect.any(String) as string },
      });
      expect(await store.readSecrets(made.uid)).toEqual({ DB: one, EMPTY: two });
      await expect(store.readSecrets('nobody')).rejects.toMatchObject({ code: 'not_found' });
    });

    it('keeps the value when its reference, or the same value, is given back', async () => {
      const { store } = subject;
      const value = secret();
      const made = await write(store, { DB: value });
      expect((await write(store, { DB: { version: 1 } })).outcome).toBe('unchanged');
      expect((await write(store, { DB: value })).outcome).toBe('unchanged');
      const changed = await write(store, { DB: secret() });
      expect(changed).toMatchObject({
        outcome: 'configured',
        secrets: { DB: { version: 2 } },
        document: { metadata: { generation: 2 } },
      });
      expect(await store.readSecrets(made.uid)).not.toEqual({ DB: value });
    });

    it('brings an earlier value back with the revision that had it', async () => {
      const { store } = subject;
      const [one, two] = [secret(), secret()];
      const { uid } = await write(store, { DB: one });
      await write(store, { DB: two });
      const [, first] = await store.revisions('Environment', 'dev');
      await applyOne(store, environment('dev', first?.spec as EnvironmentSpec));
      expect(await store.readSecrets(uid)).toEqual({ DB: one });
      await write(store, {});
      expect(await store.readSecrets(uid)).toEqual({});
      expect((await write(store, { DB: one })).secrets).toMatchObject({ DB: { version: 3 } });
    });

    it('keeps values whatever their variables are called', async () => {
      const { store } = subject;
      const secrets = JSON.parse('{"__proto__": "one", "constructor": "two"}') as Record<string, string>;
      const { uid } = await write(store, secrets);
      expect((await write(store, secrets)).outcome).toBe('unchanged');
      expect(Object.entries(await store.readSecrets(uid))).toEqual([
        ['__proto__', 'one'],
        ['constructor', 'two'],
      ]);
    });

    it('refuses a reference to a value that was never stored', async () => {
      const refused = subject.store.apply([environment('dev', { secrets: { DB: { version: 1 } } })], ana);
      await expect(refused).rejects.toMatchObject({
        code: 'invalid_document',
        message: expect.stringContaining('"DB"') as string,
      });
    });

    it('does not keep a text that holds values', async () => {
      const { store } = subject;
      const value = secret();
      await applyOne(store, { ...environment('dev', { secrets: { DB: value } }), text: `DB: ${value}` });
      expect(await store.text('Environment', 'dev')).toBeUndefined();
      await applyOne(store, { ...environment('dev', { secrets: { DB: { version: 1 } } }), text: '# no values here' });
      expect(await store.text('Environment', 'dev')).toBe('# no values here');
    });

    it('leaves no value in the database, in revisions or in errors', async () => {
      const { store, database } = subject;
      const values = [secret(), secret(), secret()] as const;
      await applyOne(store, { ...environment('dev', { secrets: { DB: values[0] } }), text: `a: "${values[0]}"` });
      await write(store, { DB: values[1] });
      const [rehearsed] = await store.dryRun([environment('dev', { secrets: { DB: values[2] } })], ana);
      const refused: unknown = await store
        .apply([environment('dev', { secrets: { DB: values[2], X: { version: 9 } } })], ana)
        .catch((error: unknown) => error);
      const seen = JSON.stringify([rehearsed, await store.revisions('Environment', 'dev'), refused, String(refused)]);
      const bytes = await database.bytes();
      expect(bytes.includes('hunter2')).toBe(false);
      for (const value of values) {
        expect(seen).not.toContain(value);
        for (const form of [Buffer.from(value).toString('base64').slice(0, 20), Buffer.from(value).toString('hex')]) {
          expect(bytes.includes(form)).toBe(false);
        }
      }
    });

    it('brings every value under the key that writes, in batches, so that the old key can go', async () => {
      const [old, fresh] = [randomBytes(32), randomBytes(32)];
      const keys = new MasterKeys([old]);
      const store = await subject.another({ masterKeys: keys, acceptLostKeys: true });
      const oldId = keys.writeId;
      const values = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`S${index}`, secret()]));
      const { uid } = await write(store, values);
      await write(store, { ...values, S0: 'changed' });
      const mine = async (id: string) => (await store.secretKeys()).find((key) => key.id === id);
      expect(await mine(oldId)).toEqual({ id: oldId, writes: true, known: true, values: 6 });

      store.adoptKeys(new MasterKeys([fresh, old]));
      expect(await store.readSecrets(uid)).toEqual({ ...values, S0: 'changed' });
      expect(await store.rewrapSecrets(4)).toEqual({ rewrapped: 4 });
      // Written meanwhile, and read meanwhile.
      await write(store, { ...values, S0: 'changed', S9: 'new' });
      expect(await store.readSecrets(uid)).toEqual({ ...values, S0: 'changed', S9: 'new' });
      expect(await store.rewrapSecrets(4)).toEqual({ rewrapped: 2 });
      expect(await store.rewrapSecrets(4)).toEqual({ rewrapped: 0 });
      expect((await store.secretKeys())[0]).toMatchObject({ id: keys.writeId, writes: true, values: 7 });
      expect(await mine(oldId)).toMatchObject({ values: 0, known: true, writes: false });

      const without = await subject.another({ masterKeys: new MasterKeys([fresh]) });
      expect(await without.readSecrets(uid)).toEqual({ ...values, S0: 'changed', S9: 'new' });
      // An equal value is still known as equal: no container is replaced.
      expect((await write(without, { ...values, S0: 'changed', S9: 'new' })).outcome).toBe('unchanged');
    });

    it('tells of values whose key is not at hand, and leaves them as they are', async () => {
      const lost = await subject.another({ masterKeys: new MasterKeys([randomBytes(32)]), acceptLostKeys: true });
      await write(lost, { A: secret() });
      const other = await subject.another({ masterKeys: new MasterKeys([randomBytes(32), randomBytes(32)]), acceptLostKeys: true });
      expect(await other.rewrapSecrets(10)).toEqual({ rewrapped: 0 });
      expect((await other.secretKeys()).filter((key) => !key.known)).toEqual([{ id: expect.any(String) as string, writes: false, known: false, values: 1 }]);
    });

    it('knows its key before there is any secret, and makes a key file for a new database only', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sdp-key-'));
      try {
        await expect(subject.another({ masterKeys: new MasterKeys([randomBytes(32)]) })).rejects.toMatchObject({ code: 'unavailable' });
        const file = join(folder, 'master.key');
        await expect(subject.another({ masterKeys: { file } })).rejects.toMatchObject({
          code: 'unavailable',
          message: expect.stringContaining(`${file} is missing`) as string,
        });
        expect(await readdir(folder)).toEqual([]);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('reads with any master key, writes with the first, and says which one is missing', async () => {
      const [old, fresh] = [randomBytes(32), randomBytes(32)];
      const before = await subject.another({ masterKeys: new MasterKeys([old]), acceptLostKeys: true });
      const { uid } = await write(before, { A: 'one' });
      const rotated = await subject.another({ masterKeys: new MasterKeys([fresh, old]) });
      expect(await rotated.readSecrets(uid)).toEqual({ A: 'one' });
      await write(rotated, { A: { version: 1 }, B: 'two' });
      const without = { masterKeys: new MasterKeys([fresh]) };
      await expect(subject.another(without)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining(`need key ${new MasterKeys([old]).writeId}`) as string,
        hint: expect.stringContaining('--accept-lost-keys') as string,
      });
      const lost = await subject.another({ ...without, acceptLostKeys: true });
      await expect(lost.readSecrets(uid)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('master key') as string,
      });
      await write(lost, { A: 'one', B: { version: 1 } });
      expect(await lost.readSecrets(uid)).toEqual({ A: 'one', B: 'two' });
    });
  });
}
