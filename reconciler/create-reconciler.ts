/** Wires the loop: events enqueue keys, workers pass over sandboxes, agents' answers enqueue again. */
import { SdpError } from '#schema/errors';
import type { DeploymentEvent } from '#schema/records';
import type { Announcer, Clock, Defaults, Fleet, LoginVault, Reconciler } from './contract.ts';
import { DeploymentBook } from './deployments/deployment-book.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { restartService, routeViews } from './loop/ask.ts';
import { cancelRollouts, retryRollouts } from './loop/cancel.ts';
import { SoftFailures, type LoopContext, type ReconcilerStore } from './loop/context.ts';
import { flightEnded } from './loop/flight-ended.ts';
import { Logins } from './loop/logins.ts';
import { pass } from './loop/pass.ts';
import { previewPlan } from './loop/preview.ts';
import { Readers } from './loop/readers.ts';
import { variablesView } from './loop/variables-view.ts';
import { watchStore } from './loop/watch-store.ts';
import { pruneNodes } from './prune/prune.ts';
import { KeyQueue } from './queue/key-queue.ts';

/** Every sandbox is looked at this often, whatever happened. */
const RESYNC_MS = 5 * 60_000;
/** How often awaited logins are looked for. */
const LOGIN_LOOK_MS = 1_000;
/** Images and commits that nobody needs any more are looked for this often. */
const PRUNE_MS = 60 * 60_000;
/** Sandboxes that are passed over at the same time. */
const CONCURRENCY = 8;

export interface ReconcilerOptions {
  store: ReconcilerStore;
  fleet: Fleet;
  vault: LoginVault;
  announcer: Announcer;
  clock?: Clock;
  defaults: Defaults;
  /** Address of the control plane as people know it, such as `https://sdp.company.com`: edges link to it. */
  publicUrl?: string;
  /** From `takeLeadership`; carried by every command. */
  epoch: number;
  /** Id of this installation: the agents label and report by it. */
  installation: string;
  /** Told of passes that failed; default: the standard error stream. */
  onError?: (uid: string, error: SdpError) => void;
  /** 0 up to 1: jitter. */
  random?: () => number;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { store, fleet, announcer } = options;
  const clock = options.clock ?? { now: () => Date.now() };
  const random = options.random ?? Math.random;
  const readers = new Readers();
  const logins = new Logins(options.vault);
  const soft = new SoftFailures();
  const report =
    options.onError ?? ((uid, error) => process.stderr.write(`reconciler: sandbox ${uid}: ${error.message}\n`));
  const stopping = new AbortController();
  const cleanups: (() => void)[] = [];
  let watching: Promise<void> = Promise.resolve();

  const dispatcher: Dispatcher = new Dispatcher(
    fleet,
    async (flight, end) => {
      try {
        await flightEnded(loop, flight, end);
      } catch (thrown) {
        // What is lost at the end of the process is found out again at the next start.
        if (!stopping.signal.aborted) report(flight.uid, SdpError.from(thrown));
      }
    },
    (uid) => queue.add(uid),
  );
  const loop: LoopContext = {
    store,
    fleet,
    announcer,
    clock,
    random,
    logins,
    soft,
    dispatcher,
    defaults: options.defaults,
    publicUrl: options.publicUrl,
    epoch: options.epoch,
    book: new DeploymentBook(store, announcer, clock),
    enqueue: (uid) => queue.add(uid),
    noteRead: (uid, keys) => readers.note(uid, keys),
  };
  const queue = new KeyQueue({ work: (uid) => pass(loop, uid), concurrency: CONCURRENCY, onError: report, random });

  const enqueueAll = async (): Promise<void> => {
    for (const sandbox of await store.list('Sandbox')) queue.add(sandbox.metadata.uid);
    for (const uid of observedUids(fleet)) queue.add(uid);
  };
  const resync = (): void => {
    enqueueAll().catch((thrown: unknown) => report('all', SdpError.from(thrown)));
  };
  const fleetChanged = (uids: readonly string[] | 'all'): void => {
    soft.nodeChanged(uids);
    if (uids === 'all') resync();
    else for (const uid of uids) queue.add(uid);
  };

  return {
    async start() {
      const since = await store.currentVersion();
      cleanups.push(fleet.onChange(fleetChanged));
      await enqueueAll();
      watching = watchStore(
        store,
        since,
        stopping.signal,
        (change) => {
          for (const uid of readers.of(change)) queue.add(uid);
          if (change.gone) readers.forget(change.uid);
        },
        (error) => report('all', error),
        resync,
      );
      const timers = [
        setInterval(resync, RESYNC_MS),
        setInterval(() => {
          pruneNodes(loop).catch((thrown: unknown) => report('all', SdpError.from(thrown)));
        }, PRUNE_MS),
        setInterval(() => {
          for (const uid of logins.arrived()) queue.add(uid);
        }, LOGIN_LOOK_MS),
      ];
      for (const timer of timers) timer.unref();
      cleanups.push(() => timers.forEach((timer) => clearInterval(timer)));
    },
    async stop() {
      stopping.abort();
      for (const cleanup of cleanups.splice(0)) cleanup();
      await queue.stop();
      await watching;
    },
    enqueue: (uid) => queue.add(uid),
    async onPipelineEvent(event: DeploymentEvent) {
      const deployment = await loop.book.note(event);
      if (deployment) queue.add(deployment.sandboxUid);
    },
    preview: (drafts, slug, user, carried) => previewPlan(loop, { drafts, slug, user, carried: carried ?? [] }),
    routes: (slug) => routeViews(loop, slug),
    prune: () => pruneNodes(loop),
    variables: (slug, service) => variablesView(loop, slug, service),
    restart: (slug, service) => restartService(loop, slug, service),
    cancel: (slug, service, user) => cancelRollouts(loop, slug, service, user),
    retry: (slug, service) => retryRollouts(loop, slug, service),
  };
}

/** Sandboxes that some node reports something of, also those that have no document any more. */
function observedUids(fleet: Fleet): Set<string> {
  const uids = new Set<string>();
  for (const { online, state } of fleet.nodes()) {
    if (!online || !state) continue;
    for (const item of [...state.containers, ...state.networks]) {
      if (!item.foreign && item.sandboxUid !== undefined) uids.add(item.sandboxUid);
    }
    for (const uid of Object.keys(state.edge.routes)) uids.add(uid);
  }
  return uids;
}
