import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadMasterKeys } from '#specs/master-key';
import { seal, unseal } from '#specs/seal';
import { testKeys } from './fixtures.ts';

let folder = '';
const file = () => join(folder, 'keys', 'master.key');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdp-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the master key file', () => {
  it('is created once, for its owner only, and nothing else is left beside it', async () => {
    const made = await Promise.all([loadMasterKeys(file()), loadMasterKeys(file()), loadMasterKeys(file())]);
    expect(new Set(made.map((keys) => keys.writeId)).size).toBe(1);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'keys'))).toEqual(['master.key']);
    expect((await loadMasterKeys(file())).writeId).toBe(made[0].writeId);
  });

  it('may hold several keys as hex or base64; the first writes', async () => {
    const first = (await loadMasterKeys(file())).writeId;
    const old = (await readFile(file(), 'utf8')).trim();
    await writeFile(file(), `# new since May\n\n${Buffer.alloc(32, 7).toString('base64')}\r\n${old}\n`);
    const keys = await loadMasterKeys(file());
    expect(keys.writeId).not.toBe(first);
    expect(keys.key(first)).toHaveLength(32);
  });

  it('names the line that is wrong and never shows it', async () => {
    await loadMasterKeys(file());
    const good = await readFile(file(), 'utf8');
    await writeFile(file(), `${good}hunter2\n`);
    const refused = loadMasterKeys(file());
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/^Line 2 of (?!.*hunter2)/) as string,
    });
    await writeFile(file(), '# nothing\n');
    await expect(loadMasterKeys(file())).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('no master key') as string,
    });
    await expect(loadMasterKeys(folder)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('shows no key in logs', async () => {
    const keys = await loadMasterKeys(file());
    const hex = (await readFile(file(), 'utf8')).trim();
    expect(inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys)).not.toContain(hex.slice(0, 8));
  });
});

describe('a sealed value', () => {
  const place = { uid: 'u', name: 'DB', version: 1 };

  it('opens at its own place only', () => {
    const sealed = seal(testKeys, place, 'schlüssel');
    expect(unseal(testKeys, place, sealed)).toBe('schlüssel');
    for (const other of [
      { ...place, uid: 'v' },
      { ...place, name: 'DC' },
      { ...place, version: 2 },
    ]) {
      expect(() => unseal(testKeys, other, sealed)).toThrow(/cannot be decrypted/);
    }
  });

  it('is never the same twice, and does not open once changed', () => {
    const sealed = seal(testKeys, place, 'value');
    expect(seal(testKeys, place, 'value')).not.toBe(sealed);
    const parts = sealed.split('.');
    const last = Buffer.from(parts[3] ?? '', 'base64url');
    last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
    expect(() => unseal(testKeys, place, [...parts.slice(0, 3), last.toString('base64url')].join('.'))).toThrow(
      /cannot be decrypted/,
    );
    expect(() => unseal(testKeys, place, 'nonsense')).toThrow(/cannot be decrypted/);
  });
});
