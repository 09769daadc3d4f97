/**
 * One fetch serves everybody who had asked before it began, with the same login: it saw all that theirs would have seen.
 * Forty sandboxes of one repository then wait for two fetches, not for forty one after the other.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Credentials } from '#schema/wire/commands';

export interface SharedFetches {
  /** The moment of asking; take it before waiting for the clone's lock. */
  ask(): number;
  /** Runs `fetch`, unless one with this login began at or after `asked` and succeeded. Under the clone's lock. */
  fetch(asked: number, credentials: Credentials, fetch: () => Promise<void>): Promise<'fetched' | 'shared'>;
}

/** For one clone. */
export function sharedFetches(): SharedFetches {
  // Moments are counted, not timed: two within one tick of a clock could not be told apart.
  let moment = 0;
  let newest: { began: number; login: string } | undefined;
  const key = randomBytes(32);
  const loginOf = ({ username, password }: Credentials): string =>
    createHmac('sha256', key).update(JSON.stringify([username, password])).digest('hex');

  return {
    ask: () => ++moment,
    async fetch(asked, credentials, fetch) {
      const login = loginOf(credentials);
      if (newest !== undefined && newest.began > asked && newest.login === login) return 'shared';
      const began = ++moment;
      await fetch();
      newest = { began, login };
      return 'fetched';
    },
  };
}
