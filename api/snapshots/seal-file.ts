/** Seals a text with a passphrase: scrypt for the key, AES-256-GCM for the text, and for what it stands beside. */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { SdpError } from '#schema/errors';

/** As it stands in a file; bytes are base64. */
export interface Sealed {
  kdf: 'scrypt';
  /** Cost: N is 2 to this power. */
  logN: number;
  r: number;
  p: number;
  salt: string;
  cipher: 'aes-256-gcm';
  iv: string;
  tag: string;
  data: string;
}

const KEY = 32;
const SALT = 16;
const IV = 12;
const TAG = 16;
/** About a quarter of a second, and 128 MiB while it lasts. */
const COST = { logN: 17, r: 8, p: 1 } as const;
/** What a file may ask of this server: a hostile one must not fill its memory. */
const MOST = { logN: 18, r: 8, p: 4 } as const;

/** Fewest characters of a passphrase. */
export const MIN_PASSPHRASE = 12;

/** @throws SdpError invalid_request for a passphrase that is too short to protect anything */
export function assertPassphrase(passphrase: string): void {
  if (passphrase.length >= MIN_PASSPHRASE) return;
  throw new SdpError('invalid_request', `The passphrase has ${passphrase.length} characters; at least ${MIN_PASSPHRASE} are needed.`, {
    hint: 'Whoever has the file can try passphrases as long as they like.',
  });
}

/** @param beside what the sealed text is bound to: it does not open beside anything else */
export async function sealText(text: string, passphrase: string, beside: string): Promise<Sealed> {
  assertPassphrase(passphrase);
  const [salt, iv] = [randomBytes(SALT), randomBytes(IV)];
  const head = { kdf: 'scrypt', ...COST, salt: salt.toString('base64'), cipher: 'aes-256-gcm', iv: iv.toString('base64') } as const;
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt, COST), iv).setAAD(bound(head, beside));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { ...head, tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64') };
}

/** @throws SdpError invalid_request for a wrong passphrase or a changed file; invalid_document for one that asks too much */
export async function openSealed(sealed: Sealed, passphrase: string, beside: string): Promise<string> {
  const { tag, data, ...head } = sealed;
  if (head.kdf !== 'scrypt' || head.cipher !== 'aes-256-gcm' || !within(head)) {
    throw new SdpError('invalid_document', 'The secrets of the file are sealed in a way that this release does not open.');
  }
  const iv = Buffer.from(head.iv, 'base64');
  const [key, authTag] = [await keyOf(passphrase, Buffer.from(head.salt, 'base64'), head), Buffer.from(tag, 'base64')];
  try {
    if (iv.length !== IV || authTag.length !== TAG) throw new Error('wrong lengths');
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG }).setAAD(bound(head, beside));
    decipher.setAuthTag(authTag);
    return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString('utf8');
  } catch {
    // The cause is left out: nothing of a decryption may reach a log.
    throw new SdpError('invalid_request', 'The secrets of the file do not open: the passphrase is wrong, or the file was changed.', {
      hint: 'Give the passphrase that it was exported with.',
    });
  }
}

type Cost = Pick<Sealed, 'logN' | 'r' | 'p'>;

function within({ logN, r, p }: Cost): boolean {
  return Object.entries({ logN, r, p }).every(([name, value]) => Number.isInteger(value) && value >= 1 && value <= MOST[name as keyof Cost]);
}

function keyOf(passphrase: string, salt: Buffer, { logN, r, p }: Cost): Promise<Buffer> {
  const options = { N: 2 ** logN, r, p, maxmem: 256 * 2 ** logN * r };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, KEY, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function bound(head: Omit<Sealed, 'tag' | 'data'>, beside: string): Buffer {
  const { kdf, logN, r, p, salt, cipher, iv } = head;
  return Buffer.from(JSON.stringify([kdf, logN, r, p, salt, cipher, iv, beside]), 'utf8');
}
