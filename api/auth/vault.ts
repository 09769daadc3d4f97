/** Live logins: credentials in memory only, as long as one of the person's sessions lives (C3, C4). */
import type { Credentials } from '#schema/wire/commands';
import type { LoginVault } from '#reconciler/contract';

interface Entry {
  credentials: Credentials;
  /** Expiry by token hash; milliseconds. */
  sessions: Map<string, number>;
}

export class Vault implements LoginVault {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly now: () => number) {}

  credentialsOf(username: string): Credentials | undefined {
    this.sweep();
    return this.#entries.get(username)?.credentials;
  }

  /** The last login wins; the person's other sessions share it. */
  keep(credentials: Credentials, tokenHash: string, expiresAt: number): void {
    const entry: Entry = this.#entries.get(credentials.username) ?? { credentials, sessions: new Map() };
    entry.credentials = { ...credentials };
    entry.sessions.set(tokenHash, expiresAt);
    this.#entries.set(credentials.username, entry);
  }

  /** A session ended; the last one takes the credentials with it. */
  endSession(username: string, tokenHash: string): void {
    const entry = this.#entries.get(username);
    entry?.sessions.delete(tokenHash);
    if (entry?.sessions.size === 0) this.#entries.delete(username);
  }

  /** The git server refused these. A newer login of the same person stays. */
  refused(credentials: Credentials): boolean {
    const held = this.#entries.get(credentials.username)?.credentials;
    if (held === undefined || held.password !== credentials.password) return false;
    return this.#entries.delete(credentials.username);
  }

  /** Drops what expired. */
  sweep(): void {
    const now = this.now();
    for (const [username, entry] of [...this.#entries]) {
      for (const [hash, expiresAt] of [...entry.sessions]) if (expiresAt <= now) this.endSession(username, hash);
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}
