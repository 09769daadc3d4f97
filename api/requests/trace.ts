/** Sends one request through a sandbox's gateway and tells where it went, hop by hop. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { RequestView, TraceHop, TraceView } from '#schema/http';
import { GATEWAY_SERVICE } from '#schema/names';
import { isEntrance } from '#schema/wire/requests';
import type { CommandResultOf } from '#schema/wire/commands';
import type { Clock, Fleet, FleetNode } from '#reconciler/contract';
import type { RecordStore } from '#specs/store';
import { askNode } from '../hub/ask-node.ts';
import { foundByTime } from './by-time.ts';
import { firstFailure } from './first-failure.ts';
import { orderHops, type TimedHop } from './order-hops.ts';
import { judgedRedirects, leadsTo, ownGateways } from './own-gateways.ts';
import type { RequestBook } from './request-book.ts';
import type { RequestIntake } from './request-intake.ts';

export interface TraceDeps {
  fleet: Pick<Fleet, 'nodes' | 'send'>;
  store: Pick<RecordStore, 'ports' | 'personalPorts'>;
  book: Pick<RequestBook, 'newest'>;
  intake: Pick<RequestIntake, 'collect' | 'collecting'>;
  clock: Clock;
  epoch: number;
}

/** The agent's own limit is 30 s. */
const COMMAND_MS = 35_000;
/** Agents tell of requests every 200 ms: so long after the newest one it is quiet. */
const SETTLE_MS = 350;
const LONGEST_WAIT_MS = 2_000;
const LOOK_MS = 20;
/** Traces at once, over all sandboxes. */
const AT_ONCE = 50;

/**
 * @param path as `tracePath` answers it
 * @throws SdpError conflict when the sandbox is suspended or has no gateway, node_offline, protocol_skew, throttled
 */
export async function trace(deps: TraceDeps, sandbox: StoredDocument<'Sandbox'>, path: string): Promise<TraceView> {
  const { node, port } = await entranceOf(deps, sandbox);
  if (deps.intake.collecting >= AT_ONCE) throw new SdpError('throttled', `${AT_ONCE} traces are under way.`, { hint: 'Try again in a moment.' });
  const { uid, slug, name } = sandbox.metadata;
  const requestId = `trace-${randomUUID()}`;
  const collection = deps.intake.collect(requestId);
  try {
    const result = await askNode(deps, node, COMMAND_MS, { type: 'trace', sandbox: { uid, slug, name }, port, path, requestId });
    await settled(collection.requests);
    const hops = orderHops(await judgedRedirects(deps, uid, collection.requests));
    const own = await ownGateways(deps, uid);
    const address = node.hello.node.address;
    const origin = `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
    return view(requestId, `${origin}${path}`, result, hops, own, () => deps.book.newest(uid, { limit: 500 }));
  } finally {
    collection.end();
  }
}

/** An online agent beside the edge that has the sandbox's gateway port. */
async function entranceOf(deps: TraceDeps, sandbox: StoredDocument<'Sandbox'>): Promise<{ node: FleetNode; port: number }> {
  const { uid, name } = sandbox.metadata;
  if (sandbox.spec.run === 'suspended') {
    throw new SdpError('conflict', `The sandbox ${name} is suspended: nothing of it would answer.`, { hint: `Resume it with \`sdp resume ${name}\`.` });
  }
  const allocations = (await deps.store.ports({ sandboxUid: uid })).filter(({ kind, service }) => kind === 'gateway' && service === GATEWAY_SERVICE);
  const known = sandbox.status?.gateway?.port;
  const allocation = allocations.find(({ port }) => port === known) ?? allocations[0];
  if (allocation === undefined) {
    throw new SdpError('conflict', `The sandbox ${name} has no gateway port yet, which a trace begins at.`, {
      hint: `See what it waits for with \`sdp describe sandbox ${name}\`.`,
    });
  }
  const beside = deps.fleet.nodes().filter(({ hello }) => hello.engine.id === allocation.engine);
  const online = beside.filter((node) => node.online);
  const node = online.find(({ state }) => state?.edge.owner === true) ?? online[0];
  if (node !== undefined) return { node, port: allocation.port };
  const names = beside.map(({ hello }) => hello.node.name).join(', ');
  throw new SdpError('node_offline', `The gateway of ${name} is on ${names === '' ? 'a node that is not known' : `${names}, which is offline`}.`, {
    hint: 'Start its agent, and see `sdp nodes`.',
  });
}

/** Until the entrance is there and nothing has come for a while, and every passing on has its other side; 2 s at most. */
async function settled(requests: readonly RequestView[]): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MS;
  let count = -1;
  let quietSince = performance.now();
  while (performance.now() < end) {
    if (requests.length !== count) {
      count = requests.length;
      quietSince = performance.now();
    }
    if (requests.some(isEntrance) && !awaitsOtherSide(requests) && performance.now() - quietSince >= SETTLE_MS) return;
    await sleep(LOOK_MS);
  }
}

function awaitsOtherSide(requests: readonly RequestView[]): boolean {
  const sent = requests.filter(({ target, failure }) => target.kind === 'node' && failure === undefined).length;
  const nodes = new Set(requests.map(({ node }) => node));
  const taken = requests.filter(({ entry }) => entry === 'service').length + Math.max(0, requests.filter(isEntrance).length - 1);
  return sent > taken || (sent > 0 && nodes.size < 2);
}

function view(
  requestId: string,
  url: string,
  result: CommandResultOf['trace'],
  byId: readonly TimedHop[],
  own: ReadonlySet<string>,
  recent: () => readonly RequestView[],
): TraceView {
  const entrance = byId.find(({ request }) => isEntrance(request));
  const hasCalls = byId.some(({ request }) => request.entry === 'inside');
  const guessed = entrance === undefined || hasCalls ? [] : foundByTime(entrance.request, recent());
  const ids = new Set(byId.map(({ request }) => request));
  const all = guessed.length === 0 ? byId : orderHops([...ids, ...guessed]);
  const hops = all.map(({ request }): TraceHop => ({ node: request.node, request, by: ids.has(request) ? 'id' : 'time' }));
  const failedAt = firstFailure(all);
  const leaves = byId.some(({ request }) => isEntrance(request) && request.leaves === true) || (leavesFrom(url, result.location) && !leadsTo(own, result.location));
  return {
    requestId,
    url,
    ...(result.status === undefined ? {} : { status: result.status }),
    durationMs: result.durationMs,
    ...(result.failure === undefined ? {} : { failure: result.failure }),
    ...(result.location === undefined ? {} : { location: result.location }),
    hops,
    ...(failedAt === undefined ? {} : { failedAt }),
    ...(leaves ? { leaves: true } : {}),
  };
}

/** Whether a Location leads to another host or port than the request was sent to. */
export function leavesFrom(url: string, location: string | undefined): boolean {
  if (location === undefined) return false;
  try {
    return new URL(location, url).origin !== new URL(url).origin;
  } catch {
    return false;
  }
}
