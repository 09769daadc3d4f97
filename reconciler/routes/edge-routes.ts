/** What each engine's edge has to know of a sandbox. Pure. */
import { GATEWAY_SERVICE, containerName, slugOf } from '#schema/names';
import type { EdgeRoutes, EdgeTarget, SandboxRef } from '#schema/wire/commands';
import type { PortAllocation } from '#schema/records';
import { hashOf } from '../canonical.ts';
import type { Desired, Inputs, NodeWorld, Placement, WantedService, World } from '../model.ts';
import { edgeOwner, nodesOfEngine, ownContainers } from '../observed/world.ts';
import { routeChoices, type Choice } from './choices.ts';
import { routeFaults } from './faults.ts';
import { otherwise } from './otherwise.ts';
import { sandboxPage } from './sandbox-page.ts';

/** Routes of one sandbox on one engine, with the node whose edge takes them. */
export interface EngineRoutes {
  engine: string;
  owner: NodeWorld;
  /** null: they are to be taken away. */
  routes: EdgeRoutes | null;
  hash: string;
  /** Something of the sandbox lives here. Elsewhere its routes serve the shared port only, and nothing waits for them. */
  home: boolean;
}

export interface RoutesInput {
  inputs: Inputs;
  desired: Desired;
  world: World;
  placements: ReadonlyMap<string, Placement>;
  /** Milliseconds since 1970: faults end by it. */
  now: number;
  /** Address of the control plane as people know it; absent: not known. */
  publicUrl?: string | undefined;
}

/**
 * For every engine whose edge reports and that has a network or ports of the sandbox, somebody's port that leads to
 * it, or a gateway node: there the shared port serves every sandbox. What is left over elsewhere is taken away.
 */
export function engineRoutes(input: RoutesInput): EngineRoutes[] {
  const { world, inputs, desired } = input;
  const homes = new Set([...inputs.ports, ...inputs.subnets].map((allocation) => allocation.engine));
  const gateways = new Set(world.nodes.filter((node) => node.type === 'GATEWAY').map((node) => node.engine));
  return [...new Set(world.nodes.map((node) => node.engine))].sort().flatMap((engine) => {
    const owner = edgeOwner(world, engine);
    if (!owner) return [];
    const home = homes.has(engine);
    const led = inputs.personal.some((port) => port.engine === engine);
    const routes = home || led || gateways.has(engine) ? routesOn(engine, input, home, gateways.has(engine)) : null;
    if (routes === null && owner.state?.edge.routes[desired.ref.uid] === undefined) return [];
    return [{ engine, owner, routes, hash: routesHash(routes), home }];
  });
}

/** Hash as the agent reports it back. */
export function routesHash(routes: EdgeRoutes | null): string {
  return hashOf(routes);
}

/** Whether an edge has the wanted routes already. */
export function inForce(item: EngineRoutes, uid: string): boolean {
  const hash = item.owner.state?.edge.routes[uid];
  return item.routes === null ? hash === undefined : hash === item.hash;
}

/** Everything that stands behind each service of the catalogue, as seen from one engine. */
export function insideTargets(engine: string, input: RoutesInput): Record<string, EdgeTarget> {
  return Object.fromEntries(
    routeChoices(input.inputs, input.desired).map((choice) => [choice.service, targetOf(choice, engine, input)]),
  );
}

/** Calls from inside come from its network alone: where nothing of it lives, there are none to lead. */
function routesOn(engine: string, input: RoutesInput, home: boolean, serves: boolean): EdgeRoutes {
  const { inputs, desired, publicUrl } = input;
  const gateway = desired.services.find((want) => want.kind === 'gateway');
  const faults = home ? routeFaults(inputs, input.now) : undefined;
  const health = home ? healthPaths(inputs) : undefined;
  const subnet = inputs.subnets.find((item) => item.engine === engine)?.subnet;
  const outside: EdgeRoutes['outside'] = {};
  for (const allocation of inputs.ports) {
    const want = desired.services.find((item) => item.service === allocation.service);
    if (allocation.engine !== engine || !want) continue;
    const target = atRest(desired, want) ?? hereOrElsewhere(engine, input, want);
    outside[String(allocation.port)] = { service: want.service, kind: allocation.kind, target };
  }
  const front = gateway && (atRest(desired, gateway) ?? hereOrElsewhere(engine, input, gateway));
  for (const { engine: at, port } of inputs.personal) {
    if (front && at === engine) outside[String(port)] = { service: GATEWAY_SERVICE, kind: 'gateway', target: front };
  }
  return {
    sandbox: desired.ref,
    revision: desired.revision,
    ...(publicUrl === undefined ? {} : { link: sandboxPage(publicUrl, desired.ref.slug) }),
    ...(faults === undefined ? {} : { faults }),
    ...(serves && front ? { shared: front } : {}),
    ...(health === undefined ? {} : { health }),
    ...(subnet === undefined ? {} : { subnet }),
    inside: home ? insideTargets(engine, input) : {},
    outside,
  };
}

function healthPaths({ catalogue }: Inputs): Record<string, string> | undefined {
  const paths = [...catalogue].flatMap(([service, { spec }]) =>
    service === GATEWAY_SERVICE || spec.health === undefined ? [] : [[service, spec.health] as const],
  );
  return paths.length === 0 ? undefined : Object.fromEntries(paths.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function targetOf(choice: Choice, engine: string, input: RoutesInput): EdgeTarget {
  switch (choice.target) {
    case 'ocp':
    case 'url':
      return { kind: 'url', url: choice.url };
    case 'missing':
      return unavailable(
        `${choice.service} has no branch in sandbox ${input.desired.ref.name}; give it one, or route it to ocp.`,
      );
    case 'other-sandbox':
      return otherSandbox(choice, engine, input);
    case 'sandbox': {
      const want = input.desired.services.find((item) => item.service === choice.service);
      if (!want) return unavailable(`${choice.service} has no branch in sandbox ${input.desired.ref.name}.`);
      return atRest(input.desired, want) ?? hereOrElsewhere(engine, input, want);
    }
  }
}

function atRest(desired: Desired, want: WantedService): EdgeTarget | undefined {
  if (desired.suspended)
    return unavailable(`The sandbox ${desired.ref.name} is suspended; resume it to use ${want.service}.`);
  if (want.run === 'stopped')
    return unavailable(`${want.service} is stopped in sandbox ${desired.ref.name}; start it to use it.`);
  return undefined;
}

function hereOrElsewhere(engine: string, input: RoutesInput, want: WantedService): EdgeTarget {
  const at = engineOf(want, input);
  if (at === undefined)
    return unavailable(`No node can run ${want.service} of sandbox ${input.desired.ref.name} at the moment.`);
  const target = leadTo(engine, at, input.desired.ref, want.service, want.port, input.inputs.ports, input.world);
  return target.kind === 'container' ? { ...target, otherwise: otherwise(want, input) } : target;
}

/** The engine where it runs; while it runs nowhere, the one where it will. */
function engineOf(want: WantedService, input: RoutesInput): string | undefined {
  const placement = input.placements.get(want.service);
  const placed =
    placement?.kind === 'node'
      ? placement.node.engine
      : input.world.nodes.find((node) => placement?.kind === 'unknown' && node.name === placement.node)?.engine;
  const running = ownContainers(input.world.nodes)
    .filter(
      ({ container }) =>
        container.service === want.service && container.state === 'running' && container.health !== 'starting',
    )
    .filter(({ container }) => container.name === containerName(input.desired.ref.slug, want.service))
    .map(({ node }) => node.engine);
  if (placed !== undefined && (running.length === 0 || running.includes(placed))) return placed;
  const reachable = running.filter((engine) =>
    input.inputs.ports.some((port) => port.engine === engine && port.service === want.service),
  );
  return reachable[0] ?? placed;
}

function otherSandbox(
  choice: Extract<Choice, { target: 'other-sandbox' }>,
  engine: string,
  input: RoutesInput,
): EdgeTarget {
  const other = input.inputs.others.get(slugOf(choice.sandbox));
  if (!other) return unavailable(`${choice.service} is routed to sandbox ${choice.sandbox}, which does not exist.`);
  if (other.suspended)
    return unavailable(`${choice.service} is routed to sandbox ${choice.sandbox}, which is suspended.`);
  const allocation = other.ports.find((port) => port.service === choice.service);
  if (!other.services.has(choice.service) || !allocation) {
    return unavailable(`${choice.service} is routed to sandbox ${choice.sandbox}, where it has no branch.`);
  }
  const port = input.inputs.catalogue.get(choice.service)?.spec.port ?? 8080;
  const target = leadTo(engine, allocation.engine, other.ref, choice.service, port, other.ports, input.world);
  // The other edge refuses a hop that is meant for somebody else.
  if (target.kind === 'node') return { ...target, sandbox: other.ref.uid };
  const away = `${choice.service} of sandbox ${other.ref.name} does not run at the moment.`;
  return target.kind === 'container' ? { ...target, otherwise: away } : target;
}

function leadTo(
  from: string,
  at: string,
  sandbox: SandboxRef,
  service: string,
  port: number,
  ports: readonly PortAllocation[],
  world: World,
): EdgeTarget {
  if (at === from) return { kind: 'container', container: containerName(sandbox.slug, service), port };
  const published = ports.find((item) => item.engine === at && item.service === service)?.port;
  const node = edgeOwner(world, at) ?? nodesOfEngine(world, at)[0];
  if (published === undefined || !node) return unavailable(`${service} has no port on its node yet.`);
  return { kind: 'node', address: node.address, port: published };
}

function unavailable(reason: string): EdgeTarget {
  return { kind: 'unavailable', reason };
}
