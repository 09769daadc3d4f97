/** SQLite on a disk that fills up. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '#specs/open-store';
import { applyOne, sandbox, testKeys } from '../../unit/specs/fixtures.ts';

const LONG = 'x'.repeat(7_000);

it('an SQLite store whose disk is full refuses writes, reads on, takes writes again when there is room, and loses none', async () => {
  const disk = mkdtempSync(path.join(tmpdir(), 'sdp-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=755', 'tmpfs', disk]);
  const ballast = path.join(disk, 'ballast');
  const url = `sqlite:${path.join(disk, 'sdp.db')}`;
  try {
    const store = await openStore({ url, masterKeys: testKeys });
    const acknowledged: string[] = [];
    const put = async (name: string): Promise<void> => {
      await applyOne(store, sandbox(name, { description: LONG }));
      acknowledged.push(name);
    };
    try {
      await put('before');
      execFileSync('sh', ['-c', `head -c 20m /dev/zero > ${ballast} 2>/dev/null || true`]);
      let failure: unknown;
      for (let index = 0; failure === undefined && index < 2_000; index += 1) await put(`s${index}`).catch((error: unknown) => (failure = error));
      expect(failure).toMatchObject({ code: 'disk_full', hint: expect.any(String) as string });
      await expect(put('refused')).rejects.toMatchObject({ code: 'disk_full' });
      expect((await store.get('Sandbox', 'before'))?.metadata.name).toBe('before');
      rmSync(ballast);
      await put('after');
    } finally {
      await store.close();
    }
    const again = await openStore({ url, masterKeys: testKeys });
    expect((await again.list('Sandbox')).map(({ metadata }) => metadata.name).sort()).toEqual([...acknowledged].sort());
    await again.close();
  } finally {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  }
});
