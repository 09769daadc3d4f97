/** Random tokens; only their hashes are stored. */
import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits after a prefix that says what it is, so that a leaked one is recognised. */
export function newToken(prefix: 'sdp' | 'sdpn'): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256, hex: enough for 256 random bits. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Token of `Authorization: Bearer ...`. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
}
