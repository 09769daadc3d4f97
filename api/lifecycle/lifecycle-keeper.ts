/** Counts how long sandboxes are not used, warns, suspends and deletes; one at a time, as everything here reads and then writes. */
import type { StoredDocument } from '#schema/documents';
import { durationWords } from '#schema/duration';
import { SdpError } from '#schema/errors';
import type { LifecycleView } from '#schema/http';
import { SDP_USER } from '#schema/names';
import type { AuditEntry, Deployment, Lifecycle, PortAllocation } from '#schema/records';
import type { Clock, Fleet } from '#reconciler/contract';
import { advance, extended, leftOf, type LifecycleChange } from '#reconciler/lifecycle/advance';
import { policyOf, type ExpiryDefaults, type ExpiryPolicy } from '#reconciler/lifecycle/policy';
import { seenOf } from '#reconciler/lifecycle/seen';
import { lifecycleView } from '#reconciler/lifecycle/view';
import type { Store } from '#specs/store';
import type { DocumentService } from '../documents/document-service.ts';
import { withRun } from '../documents/drafts.ts';
import { inForce } from '../documents/hold.ts';
import { audited } from '../http/audited.ts';
import { describeError, type Logger } from '../http/logger.ts';
import { RequestMarks } from './request-marks.ts';
import { watches } from './watches.ts';

export interface LifecycleKeeperOptions {
  store: Pick<Store, 'list' | 'get' | 'delete' | 'deployments' | 'ports' | 'lifecycles' | 'putLifecycles' | 'addAudit'>;
  documents: Pick<DocumentService, 'applyDrafts' | 'require'>;
  fleet: Pick<Fleet, 'nodes'>;
  /** Requests to a sandbox's gateway in this server's life. */
  gatewayRequests(uid: string): number;
  /** What a sandbox leaves out. */
  defaults: ExpiryDefaults;
  /** Look at this sandbox: its status has something new to say. */
  enqueue(uid: string): void;
  clock: Clock;
  log: Logger;
  onAudit?: (entry: Omit<AuditEntry, 'id'>) => void;
}

/** Milliseconds between two looks: at most, at least. In between, the next time that something is due. */
const [LONGEST_MS, SHORTEST_MS] = [60_000, 500];
/** Milliseconds until something that failed is tried again. */
const RETRY_MS = 10 * 60_000;

/** All that one look works with. */
interface Look {
  now: number;
  routes: ReadonlyMap<string, StoredDocument<'Route'>>;
  ports: readonly PortAllocation[];
  records: ReadonlyMap<string, Lifecycle>;
}

export class LifecycleKeeper {
  readonly #options: LifecycleKeeperOptions;
  readonly #requests: RequestMarks;
  /** Not before this time (milliseconds), by uid: what failed a moment ago fails again. */
  readonly #notBefore = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: LifecycleKeeperOptions) {
    this.#options = options;
    this.#requests = new RequestMarks((uid) => options.gatewayRequests(uid));
  }

  start(): void {
    const again = (ms: number): void => {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => {
        this.look().then(again, (thrown: unknown) => {
          this.#options.log.error('sandboxes that nobody uses could not be looked for', { error: describeError(thrown) });
          again(LONGEST_MS);
        });
      }, ms);
      this.#timer.unref();
    };
    again(SHORTEST_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  /** Looks at every sandbox once. Answers after how many milliseconds to look again. */
  look(): Promise<number> {
    return this.#alone(() => this.#look());
  }

  /** When a sandbox expires. @throws SdpError not_found */
  async view(name: string): Promise<LifecycleView> {
    const { lifecycle, policy } = await this.#alone(() => this.#current(name));
    return lifecycleView(lifecycle, policy);
  }

  /** So much longer, whatever happens. @throws SdpError not_found, invalid_request where it never expires */
  extend(name: string, ms: number): Promise<LifecycleView> {
    return this.#change(name, (lifecycle, policy) => {
      if (leftOf(lifecycle, policy) === undefined) throw new SdpError('invalid_request', `${name} does not expire, so there is nothing to extend.`);
      return extended(lifecycle, policy, ms);
    });
  }

  /** It never expires until `user` is undefined. @throws SdpError not_found */
  keep(name: string, user: string | undefined): Promise<LifecycleView> {
    return this.#change(name, ({ keptBy: _by, keptAt: _at, ...lifecycle }) => {
      if (user === undefined) return lifecycle;
      const { warnedMs: _told, ...kept } = lifecycle;
      return { ...(lifecycle.expiredMs === undefined ? kept : lifecycle), keptBy: user, keptAt: new Date(this.#options.clock.now()).toISOString() };
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #change(name: string, change: (lifecycle: Lifecycle, policy: ExpiryPolicy) => Lifecycle): Promise<LifecycleView> {
    return this.#alone(async () => {
      const { lifecycle, policy } = await this.#current(name);
      const changed = change(lifecycle, policy);
      await this.#options.store.putLifecycles([changed]);
      this.#options.enqueue(lifecycle.sandboxUid);
      return lifecycleView(changed, policy);
    });
  }

  /** Counted up to now, and not written. */
  async #current(name: string): Promise<{ lifecycle: Lifecycle; policy: ExpiryPolicy }> {
    const sandbox = await this.#options.documents.require('Sandbox', name);
    const look = await this.#read();
    return { lifecycle: (await this.#advanced(sandbox, look, false)).lifecycle, policy: this.#policyOf(sandbox) };
  }

  #policyOf({ spec }: StoredDocument<'Sandbox'>): ExpiryPolicy {
    return policyOf(spec, this.#options.defaults);
  }

  async #read(): Promise<Look> {
    const { store, clock } = this.#options;
    const [routes, ports, records] = await Promise.all([store.list('Route'), store.ports(), store.lifecycles()]);
    return {
      now: clock.now(),
      routes: new Map(routes.map((route) => [route.metadata.slug, route])),
      ports,
      records: new Map(records.map((record) => [record.sandboxUid, record])),
    };
  }

  /** @param take the requests since then are used up by it */
  async #advanced(sandbox: StoredDocument<'Sandbox'>, look: Look, take: boolean): Promise<ReturnType<typeof advance>> {
    const { uid, slug } = sandbox.metadata;
    const former = look.records.get(uid);
    const [newest]: Deployment[] = await this.#options.store.deployments({ sandboxUid: uid, limit: 1 });
    return advance({
      sandboxUid: uid,
      former,
      policy: this.#policyOf(sandbox),
      ...seenOf(sandbox, look.routes.get(slug), newest, former),
      requested: this.#requests.since(uid, take),
      watched: watches(uid, look.ports, this.#options.fleet.nodes()),
      held: inForce(sandbox.spec.hold, look.now),
      now: look.now,
    });
  }

  async #look(): Promise<number> {
    const sandboxes = (await this.#options.store.list('Sandbox')).filter(({ metadata }) => metadata.deletedAt === undefined);
    const look = await this.#read();
    this.#requests.retain(new Set(sandboxes.map(({ metadata }) => metadata.uid)));
    const counted: Lifecycle[] = [];
    const concerned: string[] = [];
    let next = LONGEST_MS;
    for (const sandbox of sandboxes) {
      const { uid } = sandbox.metadata;
      const { lifecycle, change } = await this.#advanced(sandbox, look, true);
      const done = change === undefined || (await this.#act(sandbox, lifecycle, change, look.now));
      if (done) counted.push(lifecycle);
      if (done && change !== undefined) concerned.push(uid);
      next = Math.min(next, this.#due(sandbox, lifecycle));
    }
    await this.#options.store.putLifecycles(counted);
    for (const uid of concerned) this.#options.enqueue(uid);
    return Math.max(SHORTEST_MS, next);
  }

  /** Milliseconds until something becomes of it. */
  #due(sandbox: StoredDocument<'Sandbox'>, lifecycle: Lifecycle): number {
    const policy = this.#policyOf(sandbox);
    const left = leftOf(lifecycle, policy) ?? LONGEST_MS;
    return lifecycle.warnedMs === undefined && lifecycle.expiredMs === undefined ? left - policy.warnMs : left;
  }

  /** Answers whether it was done; what was not is found again by a later look. */
  async #act(sandbox: StoredDocument<'Sandbox'>, lifecycle: Lifecycle, change: LifecycleChange, now: number): Promise<boolean> {
    const { uid, name } = sandbox.metadata;
    if ((this.#notBefore.get(uid) ?? 0) > now) return false;
    try {
      await this.#do(sandbox, lifecycle, change);
      this.#notBefore.delete(uid);
      return true;
    } catch (thrown) {
      this.#notBefore.set(uid, now + RETRY_MS);
      this.#options.log.error('what nobody uses could not be dealt with', { sandbox: name, change, error: describeError(thrown) });
      return false;
    }
  }

  async #do(sandbox: StoredDocument<'Sandbox'>, lifecycle: Lifecycle, change: LifecycleChange): Promise<void> {
    const { name, slug } = sandbox.metadata;
    const { store, documents, log, clock, onAudit } = this.#options;
    const policy = this.#policyOf(sandbox);
    const idle = `not used for ${durationWords(lifecycle.idleMs)}`;
    const audit = <T>(action: string, message: string, run: () => Promise<T>): Promise<T> =>
      audited({ store, clock, log, ...(onAudit === undefined ? {} : { onAudit }) }, { user: SDP_USER, action, sandbox: name, message }, run);
    switch (change) {
      case 'revived':
        return;
      case 'warned':
        return audit('sandbox.warn', `${idle}; it expires at ${lifecycleView(lifecycle, policy).expiresAt ?? '-'}`, () => Promise.resolve());
      case 'expired': {
        const message = `Expired: ${idle}`;
        await audit('sandbox.expire', idle, () => documents.applyDrafts([{ draft: withRun(sandbox, 'suspended') }], { user: SDP_USER, message }));
        return;
      }
      case 'delete': {
        const message = `Expired and not used since: ${idle}`;
        await audit('sandbox.delete', message, () => store.delete('Sandbox', slug, { user: SDP_USER, message }));
      }
    }
  }
}
