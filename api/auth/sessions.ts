/** Sessions of people: revocable rows; a fixed life of 12 hours (DESIGN 7). */
import type { Credentials } from '#schema/wire/commands';
import type { Clock } from '#reconciler/contract';
import type { RecordStore } from '#specs/store';
import type { Caller } from '../http/context.ts';
import { hashToken, newToken } from './tokens.ts';
import type { Vault } from './vault.ts';

export const SESSION_SECONDS = 12 * 3600;

export class Sessions {
  constructor(
    private readonly store: Pick<RecordStore, 'putSession' | 'session' | 'deleteSession'>,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {}

  /** Opens a session for a login that was proved. The token is returned once and stored as a hash. */
  async open(credentials: Credentials): Promise<{ token: string; expiresAt: string }> {
    const token = newToken('sdp');
    const now = this.clock.now();
    const expires = now + SESSION_SECONDS * 1000;
    const expiresAt = new Date(expires).toISOString();
    const tokenHash = hashToken(token);
    await this.store.putSession({ tokenHash, username: credentials.username, createdAt: new Date(now).toISOString(), expiresAt });
    this.vault.keep(credentials, tokenHash, expires);
    return { token, expiresAt };
  }

  /** Who the token belongs to; undefined when it is unknown, revoked or expired. */
  async find(token: string, via: 'cookie' | 'bearer'): Promise<Caller | undefined> {
    const tokenHash = hashToken(token);
    const session = await this.store.session(tokenHash);
    if (session === undefined) return undefined;
    if (Date.parse(session.expiresAt) <= this.clock.now()) {
      await this.revoke(session.username, tokenHash);
      return undefined;
    }
    return { username: session.username, via, tokenHash, expiresAt: session.expiresAt };
  }

  async revoke(username: string, tokenHash: string): Promise<void> {
    this.vault.endSession(username, tokenHash);
    await this.store.deleteSession(tokenHash);
  }
}
