import { describe, expect, it } from 'vitest';
import { openSealed, sealText } from '#api/snapshots/seal-file';

const PASSPHRASE = 'correct horse battery';

describe('sealing with a passphrase', () => {
  it('opens what it sealed, beside what it was sealed beside, and nothing else', async () => {
    const sealed = await sealText('value é', PASSPHRASE, 'header');
    expect(await openSealed(sealed, PASSPHRASE, 'header')).toBe('value é');
    await expect(openSealed(sealed, PASSPHRASE, 'another header')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(openSealed({ ...sealed, logN: 16 }, PASSPHRASE, 'header')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(openSealed({ ...sealed, tag: sealed.tag.slice(0, 8) }, PASSPHRASE, 'header')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('does not let a file decide how much memory it takes', async () => {
    const sealed = await sealText('value', PASSPHRASE, 'header');
    for (const cost of [{ logN: 30 }, { r: 1024 }, { p: 1e9 }, { logN: 17.5 }, { kdf: 'none' as never }])
      await expect(openSealed({ ...sealed, ...cost }, PASSPHRASE, 'header')).rejects.toMatchObject({ code: 'invalid_document' });
  });
});
