/** Envelope encryption of one value: AES-256-GCM under a random data key, which a master key wraps. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SdpError } from '#schema/errors';
import type { MasterKeys } from './master-key.ts';

/** Where a value belongs. Bound as additional data: a sealed value moved elsewhere does not open. */
export interface Place {
  uid: string;
  name: string;
  version: number;
}

const KEY = 32;
const IV = 12;
const TAG = 16;

/** Where the id of the master key stands in a sealed value, counted from 1 as SQL does, and its length. */
export const KEY_ID = { from: 4, length: 16 } as const;

export const keyIdOf = (sealed: string): string => sealed.slice(KEY_ID.from - 1, KEY_ID.from - 1 + KEY_ID.length);

/** @returns `v1.{master key id}.{wrapped data key}.{value}`, base64url. */
export function seal(keys: MasterKeys, place: Place, value: string): string {
  const dataKey = randomBytes(KEY);
  const wrapped = encrypt(keys.key(keys.writeId), dataKey, bound('key', place));
  const sealed = encrypt(dataKey, Buffer.from(value, 'utf8'), bound('value', place));
  dataKey.fill(0);
  return ['v1', keys.writeId, wrapped.toString('base64url'), sealed.toString('base64url')].join('.');
}

/** @throws SdpError unavailable when the master key is missing or the value was changed or moved. */
export function unseal(keys: MasterKeys, place: Place, sealed: string): string {
  const [version, keyId, wrapped, value] = sealed.split('.');
  if (version !== 'v1' || keyId === undefined || wrapped === undefined || value === undefined) throw damaged(place);
  const key = keys.key(keyId);
  try {
    const dataKey = decrypt(key, Buffer.from(wrapped, 'base64url'), bound('key', place));
    return decrypt(dataKey, Buffer.from(value, 'base64url'), bound('value', place)).toString('utf8');
  } catch {
    // The cause is left out: nothing of a decryption may reach a log.
    throw damaged(place);
  }
}

/**
 * The same value under the key that writes now: only the wrapped data key changes, so that the value itself is never
 * opened. Answers the text unchanged where that key wraps it already.
 * @throws SdpError unavailable when the master key is missing or the value was changed or moved.
 */
export function rewrap(keys: MasterKeys, place: Place, sealed: string): string {
  const [version, keyId, wrapped, value] = sealed.split('.');
  if (version !== 'v1' || keyId === undefined || wrapped === undefined || value === undefined) throw damaged(place);
  if (keyId === keys.writeId) return sealed;
  const key = keys.key(keyId);
  let dataKey: Buffer;
  try {
    dataKey = decrypt(key, Buffer.from(wrapped, 'base64url'), bound('key', place));
  } catch {
    throw damaged(place);
  }
  const again = encrypt(keys.key(keys.writeId), dataKey, bound('key', place));
  dataKey.fill(0);
  return ['v1', keys.writeId, again.toString('base64url'), value].join('.');
}

function encrypt(key: Buffer, plain: Buffer, aad: Buffer): Buffer {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad);
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV), { authTagLength: TAG }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  return Buffer.concat([decipher.update(sealed.subarray(IV, sealed.length - TAG)), decipher.final()]);
}

function bound(what: 'key' | 'value', place: Place): Buffer {
  return Buffer.from(JSON.stringify(['sdp', what, place.uid, place.name, place.version]), 'utf8');
}

function damaged(place: Place): SdpError {
  return new SdpError(
    'unavailable',
    `The stored value of secret "${place.name}" cannot be decrypted: it is damaged or was moved.`,
    {
      hint: 'Set the secret again.',
    },
  );
}
