/** Puts the control plane's server side together: HTTP, agents' hub, live stream, logins, local socket. */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delayUntil } from 'node:timers/promises';
import type { Middleware } from 'koa';
import { SdpError } from '#schema/errors';
import type { Announcer, Clock, Fleet, LoginVault, Reconciler } from '#reconciler/contract';
import { NO_EXPIRY, type ExpiryDefaults } from '#reconciler/lifecycle/policy';
import type { Store } from '#specs/store';
import { Syslog } from './audit/syslog.ts';
import type { SyslogTarget } from './audit/syslog-target.ts';
import { authenticator } from './auth/authenticate.ts';
import { Sessions } from './auth/sessions.ts';
import { Throttle } from './auth/throttle.ts';
import { Vault } from './auth/vault.ts';
import { DocumentService } from './documents/document-service.ts';
import { buildApp } from './http/app.ts';
import { describeError, jsonLogger, type Logger } from './http/logger.ts';
import { Metrics } from './http/metrics.ts';
import { Upgrades } from './http/upgrade.ts';
import { Hub } from './hub/hub.ts';
import { JournalIntake } from './hub/journal-intake.ts';
import { JournalMarks } from './hub/journal-marks.ts';
import { LifecycleKeeper } from './lifecycle/lifecycle-keeper.ts';
import { listenLocally } from './local/local-socket.ts';
import { RequestBook } from './requests/request-book.ts';
import { judgedRedirects } from './requests/own-gateways.ts';
import { RequestFeed } from './requests/request-feed.ts';
import { RequestIntake } from './requests/request-intake.ts';
import { LogStore } from './logs/log-store.ts';
import type { ApiDeps, RequestCounts } from './routes/deps.ts';
import { createNodeToken } from './routes/nodes.ts';
import type { Keyring } from './secrets/keyring.ts';
import { Stream } from './stream/stream.ts';
import { watchDocuments } from './stream/watch-documents.ts';

export interface ServerOptions {
  store: Store;
  listen: { host: string; port: number };
  /** Address that people use, where it is not the one listened on; `https:` makes cookies Secure. */
  publicUrl?: string;
  installation: string;
  /** Of `store.takeLeadership()`. */
  epoch: number;
  version: string;
  /** Folder of the deployments' `.log` files; created when absent. */
  logsDir: string;
  /** SQLite file of the journals' progress; beside the logs that it belongs to when left out. */
  ephemeralFile?: string;
  makeReconciler(deps: { fleet: Fleet; vault: LoginVault; announcer: Announcer }): Reconciler;
  /** Shared by all edges of the installation. */
  edgeSecret: string;
  /** Path of the root-only socket (C7); none when left out. */
  localSocket?: string;
  /** Makes what serves every path that is not the API's; called once the server's own address is known. */
  web?(apiUrl: string): Middleware | Promise<Middleware>;
  /** Origins beside our own that may use cookies, such as a proxy's. */
  allowedOrigins?: readonly string[];
  /** Where audit entries go beside the store; nowhere by default. */
  auditSyslog?: SyslogTarget;
  /** User names of those who may go past others' holds; none by default. */
  admins?: readonly string[];
  /** Requests of a sandbox in the last ten minutes, by service. */
  requestCounts?: RequestCounts;
  /** After how long without use sandboxes expire that do not say so themselves; never by default. */
  expiry?: ExpiryDefaults;
  /** Keys of secrets, read anew on demand. */
  keyring?: Keyring;
  clock?: Clock;
  log?: Logger;
  /** 10 by default. */
  heartbeatSeconds?: number;
}

export interface ControlPlaneServer {
  /** `http://host:port` as listened on. */
  url: string;
  fleet: Fleet;
  vault: LoginVault;
  announcer: Announcer;
  reconciler: Reconciler;
  lifecycles: LifecycleKeeper;
  /** Makes a token for a node, beside those that it has. */
  createNodeToken(node: string): Promise<string>;
  /** Ends in order: reconciler, streams, sessions, HTTP. The store stays open. */
  close(): Promise<void>;
}

const SWEEP_MS = 60_000;
/** Milliseconds that peers get to end in peace. */
const STOP_MS = 2_000;

/**
 * Starts everything, the reconciler last.
 * @throws SdpError unavailable when an address is taken
 */
export async function createServer(options: ServerOptions): Promise<ControlPlaneServer> {
  const { store, installation, epoch, version } = options;
  const clock: Clock = options.clock ?? { now: () => Date.now() };
  const log = options.log ?? jsonLogger();
  const logs = new LogStore(options.logsDir);
  const marks = new JournalMarks(options.ephemeralFile ?? join(options.logsDir, 'journal-progress.db'));
  const vault = new Vault(() => clock.now());
  const stream = new Stream({ logs, clock });
  const metrics = new Metrics();
  const syslog = options.auditSyslog === undefined ? undefined : new Syslog(options.auditSyslog, log);

  const journal = new JournalIntake({
    marks,
    logs,
    announcer: stream,
    onPipelineEvent: (event) => reconciler.onPipelineEvent(event),
    log,
  });
  const requests = new RequestBook(() => clock.now());
  const feed: RequestFeed = new RequestFeed(stream, store, log, (uid, fresh) => judgedRedirects({ fleet: hub, store }, uid, fresh));
  const requestIntake = new RequestIntake({ book: requests, onNew: (fresh) => feed.tell(fresh) });
  const hub = new Hub({
    store,
    journal,
    requests: requestIntake,
    installation,
    epoch,
    edgeSecret: options.edgeSecret,
    heartbeatSeconds: options.heartbeatSeconds ?? 10,
    clock,
    log,
    onRefusedCredentials: (credentials) => {
      if (vault.refused(credentials)) log.warn('login no longer accepted by the git server', { user: credentials.username });
    },
    onNode: (node) => stream.node(node),
  });
  await hub.load();
  const reconciler: Reconciler = options.makeReconciler({ fleet: hub, vault, announcer: stream });

  const sessions = new Sessions(store, vault, clock);
  const localConnections = new WeakSet<Socket>();
  const allowedOrigins = [...(options.allowedOrigins ?? []), options.publicUrl].flatMap((url) => (url === undefined ? [] : [new URL(url).origin]));
  const isLocal = (request: IncomingMessage): boolean => localConnections.has(request.socket);
  const authenticate = authenticator({ sessions, isLocal, allowedOrigins });
  const ownUrls = options.publicUrl === undefined ? [] : [options.publicUrl];
  const documents = new DocumentService({ store, fleet: hub, reconciler, ownUrls: () => ownUrls, clock, log });
  const onAudit = syslog === undefined ? {} : { onAudit: (entry: Parameters<Syslog['send']>[0]) => syslog.send(entry) };
  const lifecycles = new LifecycleKeeper({
    store,
    documents,
    fleet: hub,
    gatewayRequests: (uid) => requests.gatewayRequests(uid),
    defaults: options.expiry ?? NO_EXPIRY,
    enqueue: (uid) => reconciler.enqueue(uid),
    clock,
    log,
    ...onAudit,
  });
  const deps: ApiDeps = {
    store,
    hub,
    stream,
    logs,
    requests,
    requestIntake,
    documents,
    reconciler,
    lifecycles,
    sessions,
    vault,
    throttle: new Throttle(() => clock.now()),
    metrics,
    clock,
    log,
    installation,
    version,
    epoch,
    secureCookies: options.publicUrl?.startsWith('https:') ?? false,
    allowedOrigins,
    ...(options.keyring === undefined ? {} : { keyring: options.keyring }),
    admins: options.admins ?? [],
    ...onAudit,
    requestCounts: options.requestCounts ?? ((uid) => requests.counts(uid)),
  };
  addGauges(metrics, hub, stream, journal);
  if (syslog !== undefined) metrics.gauge('sdp_audit_syslog_dropped_total', 'Audit entries that the syslog did not get.', () => syslog.dropped);
  metrics.gauge('sdp_edge_requests_total', 'Requests that agents told of.', () => requestIntake.taken);
  metrics.gauge('sdp_edge_requests_missed_total', 'Requests that edges answered and nobody could note.', () => requestIntake.missed);

  let web: Middleware | undefined;
  const { app } = buildApp(deps, authenticate, options.web === undefined ? undefined : () => web);
  const upgrades = new Upgrades({ hub, stream, store, authenticate, log });
  const handler = app.callback();
  const servers: Server[] = [];
  const connections = new Set<Socket>();
  const newServer = (): Server => {
    const server = createHttpServer({ requestTimeout: 120_000, headersTimeout: 30_000 }, (request, response) => void handler(request, response));
    server.on('upgrade', upgrades.handle);
    server.on('connection', (socket: Socket) => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
    });
    server.on('error', (error) => log.error('server error', { error: error.message }));
    servers.push(server);
    return server;
  };

  const stopping = new AbortController();
  const sweep = setInterval(() => vault.sweep(), SWEEP_MS);
  sweep.unref();
  const watching = watchDocuments(store, stream, stopping.signal, log, (change) => {
    if (change.kind === 'Sandbox' && change.gone) requests.forget(change.uid);
  });

  const close = async (): Promise<void> => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    clearInterval(sweep);
    await lifecycles.stop();
    const ended = servers.filter((server) => server.listening).map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // A pass that waits for an agent's answer gets it or, after a while, the end of the session.
    const quiet = reconciler.stop();
    await Promise.race([quiet, delayUntil(STOP_MS, undefined, { ref: false })]);
    stream.close();
    hub.close();
    vault.clear();
    await quiet;
    for (const server of servers) server.closeIdleConnections();
    const cut = setTimeout(() => connections.forEach((socket) => socket.destroy()), STOP_MS);
    await Promise.all(ended);
    syslog?.close();
    clearTimeout(cut);
    await watching;
    marks.close();
  };

  try {
    const url = await listen(newServer(), options.listen);
    ownUrls.push(url);
    web = await options.web?.(url);
    if (options.localSocket !== undefined) {
      const local = newServer();
      local.on('connection', (socket: Socket) => localConnections.add(socket));
      await listenLocally(local, options.localSocket);
    }
    await reconciler.start();
    lifecycles.start();
    log.info('server listens', { url });
    return { url, fleet: hub, vault, announcer: stream, reconciler, lifecycles, close, createNodeToken: (node) => createNodeToken(deps, node) };
  } catch (thrown) {
    await close().catch((error: unknown) => log.error('close failed', { error: describeError(error) }));
    throw thrown;
  }
}

function addGauges(metrics: Metrics, hub: Hub, stream: Stream, journal: JournalIntake): void {
  metrics.gauge('sdp_nodes', 'Nodes that are known.', () => hub.nodes().length);
  metrics.gauge('sdp_nodes_online', 'Nodes with a live session.', () => hub.nodes().filter((node) => node.online).length);
  metrics.gauge('sdp_commands_pending', 'Commands whose result is awaited.', () => hub.pendingCommands);
  metrics.gauge('sdp_stream_clients', 'Clients of the live stream.', () => stream.clients);
  metrics.gauge('sdp_stream_events_total', 'Events since the start.', () => stream.seq);
  metrics.gauge('sdp_stream_dropped_clients_total', 'Clients dropped because they read too slowly.', () => stream.droppedClients);
  metrics.gauge('sdp_journal_entries_total', "Entries taken from agents' journals.", () => journal.entries);
  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
}

async function listen(server: Server, { host, port }: ServerOptions['listen']): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const taken = error.code === 'EADDRINUSE';
      const hint = taken ? 'Choose another port with --port, or stop what holds it.' : 'Choose another address.';
      reject(new SdpError('unavailable', `${host}:${port} cannot be listened on: ${taken ? 'the port is taken' : error.message}.`, { hint }));
    };
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.removeListener('error', refuse);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
