/** What a sandbox's status says: pure. */
import type { Deployment } from '#schema/records';
import { advance, type DeploymentState, type Health, type Sync } from '#schema/states';
import type { Condition, RouteStatus, SandboxStatus, ServiceStatus } from '#schema/status';
import type { Diff } from '../diff/diff.ts';
import type { Desired, Inputs, Placement, Problem, Step, World } from '../model.ts';
import { edgeOwner } from '../observed/world.ts';
import { NO_EXPIRY, policyOf, type ExpiryDefaults } from '../lifecycle/policy.ts';
import { lifecycleView } from '../lifecycle/view.ts';
import { inForce, type EngineRoutes } from '../routes/edge-routes.ts';
import type { Choice } from '../routes/choices.ts';
import { routeFaults } from '../routes/faults.ts';
import { comesUp, conditionsOf, TARGET_UNREACHABLE, unreached } from './conditions.ts';
import { explanationOf } from './explanation.ts';
import type { FlightTimes } from './progress.ts';
import { isRenewalDue, routeStatus } from './route-status.ts';
import { serviceView, type ServiceView } from './service-status.ts';

export interface StatusInput {
  inputs: Inputs;
  desired: Desired;
  world: World;
  placements: ReadonlyMap<string, Placement>;
  diff: Diff;
  steps: readonly Step[];
  /** Steps whose commands are in flight, by key. */
  inFlight: ReadonlyMap<string, Step>;
  /** When those were sent, and their deadlines. */
  flights?: ReadonlyMap<string, FlightTimes>;
  /** Milliseconds in which a started container has to become healthy. */
  startMs?: number;
  /** Newest first. */
  deployments: readonly Deployment[];
  routes: readonly EngineRoutes[];
  choices: readonly Choice[];
  /** Full pools and the like. */
  problems: readonly { service?: string; problem: Problem }[];
  previous: SandboxStatus | undefined;
  /** Left out: nothing expires. */
  expiry?: ExpiryDefaults;
  now: number;
}

export function statusOf(input: StatusInput): SandboxStatus {
  const { inputs, desired } = input;
  const views = desired.services.map((want) => serviceView(input, want));
  const { conditions, nextAction } = conditionsOf(input, views);
  const ready = conditions.find(({ type }) => type === 'Ready');
  const explanation = ready && explanationOf(input, views, ready);
  const health = atMost(healthOf(input, views), conditions);
  const services: Record<string, ServiceStatus> = {};
  const faults = routeFaults(inputs, input.now);
  // All at once, so that a sandbox of many services has one write and not one per service.
  const renew = input.choices.some((choice) => isRenewalDue(choice, { ...input, faults }));
  for (const choice of input.choices) services[choice.service] = { route: seen(choice, routeStatus(choice, { ...input, faults, renew }), views) };
  let gateway: SandboxStatus['gateway'];
  for (const view of views) {
    if (view.want.kind === 'gateway') gateway = { ...view.status, ...gatewayUrl(view, input) };
    else services[view.want.service] = { ...view.status, ...services[view.want.service] };
  }
  return {
    observedGeneration: desired.generation,
    observedResourceVersion: inputs.resourceVersion,
    sync: syncOf(input, views),
    health,
    operation: operationOf(views.map((view) => view.state)),
    conditions,
    ...(gateway ? { gateway } : {}),
    services,
    ...expiryOf(input),
    ...(explanation === undefined ? {} : { explanation }),
    ...(nextAction === undefined ? {} : { nextAction }),
  };
}

/**
 * All may run well while a request that they pass on ends nowhere. A baseline that is down and that this sandbox says
 * nothing of is told by the condition alone: else one dead service of OCP would make every sandbox Degraded.
 */
function atMost(health: Health, conditions: readonly Condition[]): Health {
  const lost = conditions.some(({ type, status, reason }) => type === 'RoutesReachable' && status === 'False' && reason === TARGET_UNREACHABLE);
  return lost && health === 'Healthy' ? 'Degraded' : health;
}

function gatewayUrl(view: ServiceView, input: StatusInput): { url?: string } {
  const port = input.inputs.ports.find((item) => item.kind === 'gateway' && item.port === view.status.port);
  if (!port) return {};
  const node = edgeOwner(input.world, port.engine) ?? input.world.nodes.find((item) => item.engine === port.engine);
  return node ? { url: `http://${node.address}:${port.port}` } : {};
}

function seen(choice: Choice, status: RouteStatus, views: readonly ServiceView[]): RouteStatus {
  if (!comesUp(choice, views)) return status;
  const { verified: _says, ...rest } = status;
  return rest;
}

/** Said only while it matters: dates that move on with each use would make a status that always changes. */
function expiryOf({ inputs, expiry = NO_EXPIRY }: StatusInput): Pick<SandboxStatus, 'expiry'> {
  const { lifecycle, sandbox } = inputs;
  if (lifecycle === undefined) return {};
  const { state, expiresAt, deletesAt } = lifecycleView(lifecycle, policyOf(sandbox.spec, expiry));
  if (state !== 'warned' && state !== 'expired') return {};
  return { expiry: { state, ...(expiresAt === undefined ? {} : { expiresAt }), ...(deletesAt === undefined ? {} : { deletesAt }) } };
}

/** Least advanced service: FAILED first, then QUEUED .. RUNNING; STOPPED only when all are. */
export function operationOf(states: readonly DeploymentState[]): DeploymentState {
  if (states.includes('FAILED')) return 'FAILED';
  const moving = states.filter((state) => state !== 'STOPPED').sort((a, b) => advance(a) - advance(b));
  return moving[0] ?? 'STOPPED';
}

function syncOf(input: StatusInput, views: readonly ServiceView[]): Sync {
  if (views.some((view) => view.unknown)) return 'Unknown';
  const routed = input.routes.every((item) => !item.home || inForce(item, input.desired.ref.uid));
  const settled = input.steps.every((step) => step.aside) && input.diff.blocked.length === 0 && input.problems.length === 0;
  return settled && routed ? 'Synced' : 'OutOfSync';
}

function healthOf(input: StatusInput, views: readonly ServiceView[]): Health {
  if (views.some((view) => view.unknown)) return 'Unknown';
  if (input.desired.deleting) return 'Progressing';
  if (input.desired.suspended) return views.every((view) => view.state === 'STOPPED') ? 'Suspended' : 'Progressing';
  const active = views.filter((view) => view.want.run !== 'stopped');
  const blocked = new Set(input.diff.blocked.map((item) => item.want?.service));
  const failed = active.filter((view) => view.state === 'FAILED' || view.unhealthy || view.cancelled || blocked.has(view.want.service));
  if (failed.length > 0) {
    const gateway = active.find((view) => view.want.kind === 'gateway');
    const nothing = active.every((view) => !view.serving);
    return nothing || (gateway !== undefined && failed.includes(gateway) && !gateway.serving)
      ? 'Unhealthy'
      : 'Degraded';
  }
  const up = active.every((view) => view.reached && view.state === 'RUNNING');
  return up && unreached(input, views) === undefined ? 'Healthy' : 'Progressing';
}
