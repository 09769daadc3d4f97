/** State of a page from a snapshot and the events after it. Pure: same events, same state, in any delivery. */
import type { Deployment, DeploymentEvent } from '#schema/records';
import { advance, isTerminal } from '#schema/states';
import type { SandboxStatus } from '#schema/status';
import type { StreamEvent } from '#schema/stream';
import type { NodeView } from '#schema/http';

export interface LiveState {
  /** Sequence of the newest event in it. */
  seq: number;
  /** By slug. */
  status: Readonly<Record<string, SandboxStatus>>;
  /** Newest first. */
  deployments: readonly Deployment[];
  /** By deployment id. */
  events: Readonly<Record<string, readonly DeploymentEvent[]>>;
  /** By node name. */
  nodes: Readonly<Record<string, NodeView>>;
  /** Recent events, kept so that a snapshot that is older than them loses nothing. */
  recent: readonly StreamEvent[];
}

export interface Snapshot {
  seq?: number | undefined;
  status?: Readonly<Record<string, SandboxStatus>>;
  deployments?: readonly Deployment[];
  events?: Readonly<Record<string, readonly DeploymentEvent[]>>;
  nodes?: Readonly<Record<string, NodeView>>;
}

export type LiveAction =
  | { type: 'snapshot'; snapshot: Snapshot; fresh?: boolean }
  | { type: 'event'; event: StreamEvent };

const MAX_RECENT = 1_000;

export function initialState(snapshot: Snapshot): LiveState {
  return {
    seq: snapshot.seq ?? 0,
    status: snapshot.status ?? {},
    deployments: snapshot.deployments ?? [],
    events: snapshot.events ?? {},
    nodes: snapshot.nodes ?? {},
    recent: [],
  };
}

export function reduceLive(state: LiveState, action: LiveAction): LiveState {
  if (action.type === 'event') return applyEvent(state, action.event);
  const base = initialState(action.snapshot);
  // After a restart of the server sequences begin anew: older events mean nothing.
  if (action.fresh === true) return base;
  return state.recent.filter((event) => event.seq > base.seq).reduce(applyEvent, base);
}

function applyEvent(state: LiveState, event: StreamEvent): LiveState {
  if (event.seq <= state.seq) return state;
  const next: LiveState = { ...state, seq: event.seq };
  if (event.type !== 'log') next.recent = [...state.recent, event].slice(-MAX_RECENT);
  switch (event.type) {
    case 'status':
      return { ...next, status: { ...state.status, [event.slug]: event.status } };
    case 'deployment':
      return { ...next, deployments: upsert(state.deployments, event.deployment) };
    case 'deployment-event':
      return { ...next, events: addEvent(state.events, event.event) };
    case 'node':
      return { ...next, nodes: { ...state.nodes, [event.node.name]: event.node } };
    case 'document':
    case 'log':
    case 'requests':
      return next;
  }
}

/** A deployment only moves forward: an older observation that comes late changes nothing. */
function upsert(deployments: readonly Deployment[], deployment: Deployment): readonly Deployment[] {
  const known = deployments.find((other) => other.id === deployment.id);
  if (known === undefined) return [deployment, ...deployments].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  if (advance(deployment.state) < advance(known.state)) return deployments;
  return deployments.map((other) => (other.id === deployment.id ? deployment : other));
}

function addEvent(events: LiveState['events'], event: DeploymentEvent): LiveState['events'] {
  const known = events[event.deploymentId] ?? [];
  if (known.some((other) => other.event === event.event && other.at === event.at)) return events;
  return { ...events, [event.deploymentId]: [...known, event] };
}

/** Deployments that are under way, newest first. */
export function runningDeployments(deployments: readonly Deployment[]): Deployment[] {
  return deployments.filter((deployment) => !isTerminal(deployment.state));
}

/** Newest deployment of each service that failed. */
export function standingFailures(deployments: readonly Deployment[]): Deployment[] {
  const seen = new Set<string>();
  return deployments.filter((deployment) => {
    if (seen.has(deployment.service)) return false;
    seen.add(deployment.service);
    return deployment.state === 'FAILED';
  });
}
