/** What the parts of the loop share. */
import type { Attempt, DocumentStore, RecordStore } from '#specs/store';
import type { Announcer, Clock, Defaults, Fleet } from '../contract.ts';
import type { DeploymentBook } from '../deployments/deployment-book.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Logins } from './logins.ts';

/** What the reconciler needs of the store. */
export type ReconcilerStore = Pick<
  DocumentStore,
  'get' | 'getByUid' | 'list' | 'finishFinalizer' | 'writeStatus' | 'watch' | 'currentVersion' | 'readSecrets'
> &
  Pick<
    RecordStore,
    | 'addResolution'
    | 'resolutions'
    | 'resolvedCommits'
    | 'putDeployment'
    | 'deployment'
    | 'deployments'
    | 'addDeploymentEvents'
    | 'attempts'
    | 'putAttempt'
    | 'clearAttempts'
    | 'claimPort'
    | 'claimSubnet'
    | 'ports'
    | 'subnets'
    | 'personalPorts'
    | 'settlePersonalPort'
    | 'releasePort'
    | 'releaseSandbox'
    | 'nodes'
    | 'lifecycle'
  >;

/** Failures that do not count: kept in memory, by sandbox. */
export class SoftFailures {
  readonly #byUid = new Map<string, Attempt[]>();

  of(uid: string): readonly Attempt[] {
    return this.#byUid.get(uid) ?? [];
  }

  put(attempt: Attempt): void {
    const others = this.of(attempt.sandboxUid).filter(
      (item) => item.service !== attempt.service || item.step !== attempt.step,
    );
    this.#byUid.set(attempt.sandboxUid, [...others, attempt]);
  }

  clear(uid: string, service?: string): void {
    const rest = service === undefined ? [] : this.of(uid).filter((item) => item.service !== service);
    if (rest.length === 0) this.#byUid.delete(uid);
    else this.#byUid.set(uid, rest);
  }

  /** A node came back: what failed for its absence may be tried at once. */
  nodeChanged(uids: readonly string[] | 'all'): void {
    for (const uid of uids === 'all' ? [...this.#byUid.keys()] : uids) {
      const rest = this.of(uid).filter((item) => item.code !== 'node_offline');
      if (rest.length === 0) this.#byUid.delete(uid);
      else this.#byUid.set(uid, rest);
    }
  }
}

export interface LoopContext {
  store: ReconcilerStore;
  fleet: Fleet;
  announcer: Announcer;
  clock: Clock;
  defaults: Defaults;
  /** Address of the control plane as people know it; edges link to it. */
  publicUrl: string | undefined;
  epoch: number;
  random: () => number;
  book: DeploymentBook;
  dispatcher: Dispatcher;
  logins: Logins;
  soft: SoftFailures;
  /** Look at this sandbox soon. */
  enqueue: (uid: string) => void;
  /** Tells which documents a sandbox was seen to read. */
  noteRead: (uid: string, keys: ReadonlySet<string>) => void;
}

/** Failures that last, overlaid by those of this process. */
export function allAttempts(lasting: readonly Attempt[], soft: readonly Attempt[]): Attempt[] {
  const rest = lasting.filter(
    (item) => !soft.some((s) => s.service === item.service && s.step === item.step && s.input === item.input),
  );
  return [...soft, ...rest];
}
