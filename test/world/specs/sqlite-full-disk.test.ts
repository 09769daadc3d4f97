/** SQLite on a disk that fills up. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '#specs/open-store';
import { applyOne, sandbox, testKeys } from '../../unit/specs/fixtures.ts';
import { withSmallDisk } from '../support/small-disk.ts';

const LONG = 'x'.repeat(7_000);

it('an SQLite store whose disk is full refuses writes, reads on, takes writes again when there is room, and loses none', async () => {
  await withSmallDisk(8, async (disk) => {
    const url = `sqlite:${path.join(disk.folder, 'sdp.db')}`;
    const store = await openStore({ url, masterKeys: testKeys });
    const acknowledged: string[] = [];
    const put = async (name: string): Promise<void> => {
      await applyOne(store, sandbox(name, { description: LONG }));
      acknowledged.push(name);
    };
    try {
      await put('before');
      disk.fill();
      let failure: unknown;
      for (let index = 0; failure === undefined && index < 2_000; index += 1) await put(`s${index}`).catch((error: unknown) => (failure = error));
      expect(failure).toMatchObject({ code: 'disk_full', hint: expect.any(String) as string });
      await expect(put('refused')).rejects.toMatchObject({ code: 'disk_full' });
      expect((await store.get('Sandbox', 'before'))?.metadata.name).toBe('before');
      disk.empty();
      await put('after');
    } finally {
      await store.close();
    }
    const again = await openStore({ url, masterKeys: testKeys });
    expect((await again.list('Sandbox')).map(({ metadata }) => metadata.name).sort()).toEqual([...acknowledged].sort());
    await again.close();
  });
});
