/** Which logins can fetch what: live ones, less those that a git server refused. In memory only (C3, C4). */
import type { Credentials } from '#schema/wire/commands';
import type { Deployment } from '#schema/records';
import type { LoginVault } from '../contract.ts';
import { commitFetchKey, loginKey } from '../diff/diff.ts';
import type { Desired } from '../model.ts';

export class Logins {
  readonly #vault: LoginVault;
  /** The credentials that were refused, by person and fetch: the same ones are tried again only for another fetch. */
  readonly #refused = new Map<string, Credentials>();
  /** What sandboxes wait for: login keys by uid. */
  readonly #awaited = new Map<string, Set<string>>();

  constructor(vault: LoginVault) {
    this.#vault = vault;
  }

  /** Credentials that may be tried for this fetch. */
  usable(user: string, fetchKey: string): Credentials | undefined {
    const credentials = this.#vault.credentialsOf(user);
    if (!credentials) return undefined;
    const refused = this.#refused.get(loginKey(user, fetchKey));
    const same = refused?.username === credentials.username && refused.password === credentials.password;
    return refused && same ? undefined : credentials;
  }

  refuse(user: string, fetchKey: string, credentials: Credentials): void {
    this.#refused.set(loginKey(user, fetchKey), credentials);
  }

  /** All logins that matter to a sandbox and can fetch. */
  keysFor(desired: Desired, deployments: readonly Deployment[]): Set<string> {
    const users = new Set([desired.changedBy, ...deployments.map((deployment) => deployment.user)]);
    for (const { source } of desired.services) if (source.kind === 'fetch') users.add(source.askedBy);
    const keys = new Set<string>();
    for (const { source, repository } of desired.services) {
      const fetchKey = source.kind === 'fetch' ? source.key : commitFetchKey(repository, source.commit);
      for (const user of users) if (this.usable(user, fetchKey)) keys.add(loginKey(user, fetchKey));
    }
    return keys;
  }

  /** Remembers whose login a sandbox waits for; an empty list ends it. */
  await(uid: string, waits: readonly { user: string; fetchKey: string }[]): void {
    if (waits.length === 0) this.#awaited.delete(uid);
    else this.#awaited.set(uid, new Set(waits.map(({ user, fetchKey }) => loginKey(user, fetchKey))));
  }

  /** Sandboxes whose awaited login has come. */
  arrived(): string[] {
    const came = (key: string): boolean => {
      const [user, fetchKey] = splitKey(key);
      return this.usable(user, fetchKey) !== undefined;
    };
    return [...this.#awaited].filter(([, keys]) => [...keys].some(came)).map(([uid]) => uid);
  }
}

/** Repositories and branches have no space, a person's name may. */
function splitKey(key: string): [string, string] {
  const at = key.lastIndexOf(' ');
  return [key.slice(0, at), key.slice(at + 1)];
}
