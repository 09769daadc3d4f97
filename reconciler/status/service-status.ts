/** Live status of one service of a sandbox. */
import type { Deployment } from '#schema/records';
import { isTerminal, type DeploymentState } from '#schema/states';
import type { ServiceStatus } from '#schema/status';
import { containerName } from '#schema/names';
import { newestResolution } from '../desired/resolution.ts';
import { cancelledBy } from '../diff/attempts.ts';
import type { Located } from '../observed/world.ts';
import { ownContainers } from '../observed/world.ts';
import type { Step, WantedService } from '../model.ts';
import { progressOf } from './progress.ts';
import type { StatusInput } from './status.ts';

/** How a service is doing: what its state, its health and the sandbox's conditions follow from. */
export interface ServiceView {
  want: WantedService;
  state: DeploymentState;
  message: string | undefined;
  /** Something of it serves, whatever its version. */
  serving: boolean;
  /** The wanted container is there. */
  reached: boolean;
  unhealthy: boolean;
  unknown: boolean;
  /** Somebody cancelled its rollout. */
  cancelled: boolean;
  status: ServiceStatus;
}

const STATE_IN_FLIGHT: Record<string, DeploymentState> = {
  fetch: 'FETCHING',
  build: 'BUILDING',
  run: 'STARTING_CONTAINER',
  start: 'STARTING_CONTAINER',
};

export function serviceView(input: StatusInput, want: WantedService): ServiceView {
  const { desired, diff } = input;
  const name = containerName(desired.ref.slug, want.service);
  const located = currentContainer(input, want, name);
  const container = located?.container;
  const unknown = diff.unknown.find((item) => item.want.service === want.service);
  const kept = diff.keep.find((entry) => entry.want.service === want.service);
  const rests = desired.suspended || want.run === 'stopped';
  const unhealthy = container?.health === 'unhealthy' || container?.state === 'restarting';
  const reached = !rests && kept !== undefined;
  const cancelled = reached || rests ? undefined : cancellationOf(input, want);
  const { state, message } = stateOf(input, want, located, { reached, rests, unknown: unknown?.reason, cancelled });
  const newest = input.deployments.find((deployment) => deployment.service === want.service);
  const placement = input.placements.get(want.service);
  const node = located?.node ?? (placement?.kind === 'node' ? placement.node : undefined);
  const port = input.inputs.ports.find(
    (item) => item.service === want.service && (!node || item.engine === node.engine),
  );
  const subject = subjectOf(input, want, container?.commit);
  const wantedCommit = want.source.kind === 'commit' ? want.source.commit : undefined;
  const status: ServiceStatus = {
    state,
    ...(message === undefined ? {} : { message }),
    ...(node ? { node: node.name } : {}),
    ...(port ? { port: port.port } : {}),
    ...(container?.commit ? { commit: container.commit } : {}),
    ...branchOf(want, container?.branch),
    ...(subject ? { subject } : {}),
    ...(wantedCommit !== undefined && wantedCommit !== container?.commit ? { wantedCommit } : {}),
    ...(container?.image ? { image: container.image } : {}),
    ...(container ? { container: container.name } : {}),
    ...(newest ? { deployment: newest.id } : {}),
    ...(container?.restarts !== undefined ? { restarts: container.restarts } : {}),
    ...(container?.startedAt && container.state === 'running' ? { startedAt: container.startedAt } : {}),
  };
  const view: ServiceView = {
    want,
    state,
    message,
    reached,
    unhealthy,
    serving: container?.state === 'running' && !unhealthy,
    unknown: unknown !== undefined,
    cancelled: cancelled !== undefined && unknown === undefined,
    status,
  };
  const progress = progressOf(input, view, desired.ref.name);
  return progress === undefined ? view : { ...view, status: { ...status, progress } };
}

function cancellationOf({ inputs, desired }: StatusInput, { service }: WantedService): string | undefined {
  return cancelledBy(inputs.attempts, { key: service, kind: 'run', input: ` g${desired.generation}` })?.message;
}

function currentContainer(input: StatusInput, want: WantedService, name: string): Located | undefined {
  const own = ownContainers(input.world.nodes).filter(
    ({ container }) => container.service === want.service && container.name === name,
  );
  const placement = input.placements.get(want.service);
  const node = placement?.kind === 'node' ? placement.node.engine : undefined;
  return own.find((item) => item.node.engine === node) ?? own[0];
}

function branchOf(want: WantedService, running: string | undefined): { branch?: string } {
  const branch = running !== undefined && running !== '' ? running : want.source.branch;
  return branch === '' ? {} : { branch };
}

function subjectOf(input: StatusInput, want: WantedService, commit: string | undefined): string | undefined {
  if (commit === undefined) return newestResolution(input.inputs.resolutions, want.service)?.subject;
  return input.inputs.resolutions.find((row) => row.commit === commit)?.subject;
}

function stateOf(
  input: StatusInput,
  want: WantedService,
  located: Located | undefined,
  how: { reached: boolean; rests: boolean; unknown: string | undefined; cancelled: string | undefined },
): { state: DeploymentState; message: string | undefined } {
  const { service } = want;
  const container = located?.container;
  if (how.unknown !== undefined) {
    const former =
      input.previous?.services[service]?.state ?? (service === 'gateway' ? input.previous?.gateway?.state : undefined);
    const seen = former === 'RUNNING' && container?.state !== 'running' ? 'QUEUED' : former ?? 'QUEUED';
    return { state: seen, message: how.unknown };
  }
  if (how.rests) {
    const up = container?.state === 'running' || container?.state === 'restarting';
    return up ? { state: 'RUNNING', message: 'is being stopped' } : { state: 'STOPPED', message: undefined };
  }
  const flight = input.inFlight.get(service);
  const open = input.deployments.find((deployment) => deployment.service === service && !isTerminal(deployment.state));
  if (how.reached && container) return reachedState(container);
  const blocked = input.diff.blocked.find((item) => item.want?.service === service);
  if (blocked) return { state: 'QUEUED', message: blocked.problem.reason };
  if (how.cancelled !== undefined && flight?.healing !== true) return cancelledState(how.cancelled, container);
  if (flight)
    return { state: furthest(STATE_IN_FLIGHT[flight.kind] ?? 'QUEUED', flight, open), message: flight.reason };
  const first = input.steps.find((step) => step.service === service);
  if (first?.waits?.startsWith('gave up: ')) {
    return { state: 'FAILED', message: first.waits.slice('gave up: '.length) };
  }
  return { state: open?.state ?? 'QUEUED', message: first?.waits ?? first?.reason };
}

function cancelledState(cancelled: string, container: Located['container'] | undefined): { state: DeploymentState; message: string } {
  if (container?.state !== 'running') return { state: 'STOPPED', message: `${cancelled} Nothing of it runs.` };
  return { state: 'RUNNING', message: `${cancelled} What ran before goes on running${container.commit === undefined ? '' : `: ${container.commit.slice(0, 8)}`}.` };
}

function reachedState(container: Located['container']): { state: DeploymentState; message: string | undefined } {
  const said = container.lastOutput ? ` Its last output: ${container.lastOutput}` : '';
  if (container.state === 'restarting')
    return { state: 'FAILED', message: `It ends and is restarted over and over.${said}` };
  if (container.health === 'starting')
    return { state: 'STARTING_CONTAINER', message: 'waits for its first health check to pass' };
  if (container.health === 'unhealthy')
    return { state: 'RUNNING', message: `It runs, but its health check fails.${said}` };
  return { state: 'RUNNING', message: undefined };
}

/** A build in flight may have come as far as its events say, but not further than its own phases. */
function furthest(least: DeploymentState, flight: Step, open: Deployment | undefined): DeploymentState {
  if (flight.kind !== 'build' || !open) return least;
  return open.state === 'CHECKOUT' || open.state === 'CREATING_IMAGE' ? open.state : least;
}
