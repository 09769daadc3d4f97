/** Which logins can fetch what: live ones, less those that a git server refused. In memory only (C3, C4). */
import type { Credentials } from '#schema/wire/commands';
import type { Deployment } from '#schema/records';
import type { LoginVault } from '../contract.ts';
import { loginKey } from '../diff/diff.ts';
import type { Desired } from '../model.ts';

export class Logins {
  readonly #vault: LoginVault;
  /** The credentials that were refused, by person and repository: the same ones are not tried again. */
  readonly #refused = new Map<string, Credentials>();
  /** What sandboxes wait for: login keys by uid. */
  readonly #awaited = new Map<string, Set<string>>();

  constructor(vault: LoginVault) {
    this.#vault = vault;
  }

  /** Credentials that may be tried for this repository. */
  usable(user: string, repository: string): Credentials | undefined {
    const credentials = this.#vault.credentialsOf(user);
    if (!credentials) return undefined;
    const refused = this.#refused.get(loginKey(user, repository));
    const same = refused?.username === credentials.username && refused.password === credentials.password;
    return refused && same ? undefined : credentials;
  }

  refuse(user: string, repository: string, credentials: Credentials): void {
    this.#refused.set(loginKey(user, repository), credentials);
  }

  /** Somebody asked anew: what was refused may be tried once more. */
  pardon(user: string, repository: string): void {
    this.#refused.delete(loginKey(user, repository));
  }

  /** All logins that matter to a sandbox and can fetch. */
  keysFor(desired: Desired, deployments: readonly Deployment[]): Set<string> {
    const users = new Set([desired.changedBy, ...deployments.map((deployment) => deployment.user)]);
    for (const { source } of desired.services) if (source.kind === 'fetch') users.add(source.askedBy);
    const keys = new Set<string>();
    for (const { repository } of desired.services) {
      for (const user of users) if (this.usable(user, repository)) keys.add(loginKey(user, repository));
    }
    return keys;
  }

  /** Remembers whose login a sandbox waits for; an empty list ends it. */
  await(uid: string, waits: readonly { user: string; repository: string }[]): void {
    if (waits.length === 0) this.#awaited.delete(uid);
    else this.#awaited.set(uid, new Set(waits.map(({ user, repository }) => loginKey(user, repository))));
  }

  /** Sandboxes whose awaited login has come. */
  arrived(): string[] {
    const came = (key: string): boolean => {
      const [user, repository] = splitKey(key);
      return this.usable(user, repository) !== undefined;
    };
    return [...this.#awaited].filter(([, keys]) => [...keys].some(came)).map(([uid]) => uid);
  }
}

/** A repository's name has no space, a person's may. */
function splitKey(key: string): [string, string] {
  const at = key.lastIndexOf(' ');
  return [key.slice(0, at), key.slice(at + 1)];
}
