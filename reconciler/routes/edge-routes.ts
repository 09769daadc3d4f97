/** What each engine's edge has to know of a sandbox. Pure. */
import { containerName, slugOf } from '#schema/names';
import type { EdgeRoutes, EdgeTarget, SandboxRef } from '#schema/wire/commands';
import type { PortAllocation } from '#schema/records';
import { hashOf } from '../canonical.ts';
import type { Desired, Inputs, NodeWorld, Placement, WantedService, World } from '../model.ts';
import { edgeOwner, nodesOfEngine, ownContainers } from '../observed/world.ts';
import { routeChoices, type Choice } from './choices.ts';

/** Routes of one sandbox on one engine, with the node whose edge takes them. */
export interface EngineRoutes {
  engine: string;
  owner: NodeWorld;
  routes: EdgeRoutes;
  hash: string;
}

export interface RoutesInput {
  inputs: Inputs;
  desired: Desired;
  world: World;
  placements: ReadonlyMap<string, Placement>;
}

/** For every engine that has a network or ports of the sandbox and whose edge reports. */
export function engineRoutes(input: RoutesInput): EngineRoutes[] {
  const { ports, subnets } = input.inputs;
  const engines = [...new Set([...ports, ...subnets].map((allocation) => allocation.engine))].sort();
  return engines.flatMap((engine) => {
    const owner = edgeOwner(input.world, engine);
    if (!owner) return [];
    const routes = routesOn(engine, input);
    return [{ engine, owner, routes, hash: routesHash(routes) }];
  });
}

/** Hash as the agent reports it back. */
export function routesHash(routes: EdgeRoutes | null): string {
  return hashOf(routes);
}

/** Whether an edge has the wanted routes already. */
export function inForce(item: EngineRoutes, uid: string): boolean {
  return item.owner.state?.edge.routes[uid] === item.hash;
}

/** Everything that stands behind each service of the catalogue, as seen from one engine. */
export function insideTargets(engine: string, input: RoutesInput): Record<string, EdgeTarget> {
  return Object.fromEntries(
    routeChoices(input.inputs, input.desired).map((choice) => [choice.service, targetOf(choice, engine, input)]),
  );
}

function routesOn(engine: string, input: RoutesInput): EdgeRoutes {
  const { inputs, desired } = input;
  const subnet = inputs.subnets.find((item) => item.engine === engine)?.subnet;
  const outside: EdgeRoutes['outside'] = {};
  for (const allocation of inputs.ports) {
    const want = desired.services.find((item) => item.service === allocation.service);
    if (allocation.engine !== engine || !want) continue;
    const target = atRest(desired, want) ?? hereOrElsewhere(engine, input, want);
    outside[String(allocation.port)] = { service: want.service, kind: allocation.kind, target };
  }
  return {
    sandbox: desired.ref,
    revision: desired.revision,
    ...(subnet === undefined ? {} : { subnet }),
    inside: insideTargets(engine, input),
    outside,
  };
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
  return leadTo(engine, at, input.desired.ref, want.service, want.port, input.inputs.ports, input.world);
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
  return leadTo(engine, allocation.engine, other.ref, choice.service, port, other.ports, input.world);
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
