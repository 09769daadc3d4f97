/** From sets to ordered steps with reasons in plain words. No I/O, no clock, no random: time is an input. */
import { networkName } from '#schema/names';
import type { Attempt } from '#specs/store';
import type { Defaults } from '../contract.ts';
import { trialKey, type Diff } from '../diff/diff.ts';
import { trialOf } from '../diff/attempts.ts';
import type { Removal } from '../diff/removals.ts';
import type { Desired, Inputs, Step, World } from '../model.ts';
import { inForce, type EngineRoutes } from '../routes/edge-routes.ts';
import { hasNetwork, later, runSteps } from './run-steps.ts';

export interface PlanInput {
  diff: Diff;
  desired: Desired;
  world: World;
  inputs: Inputs;
  routes: readonly EngineRoutes[];
  defaults: Defaults;
  /** Services without a port or subnet yet: their containers wait. */
  unclaimed: ReadonlyMap<string, string>;
  now: number;
}

/** Steps in the order in which they happen. Those with `waits` are not to be dispatched in this pass. */
export function planOf(input: PlanInput): Step[] {
  const fetches = fetchSteps(input);
  const fetching = fetches.some((step) => step.waits === undefined);
  const builds = buildSteps(input, fetching);
  return [
    ...fetches,
    ...builds,
    ...networkSteps(input),
    ...runSteps(input),
    ...startStopSteps(input),
    ...routeSteps(input),
    ...removeSteps(input),
  ].map((step) => ({ ...step, ...waiting(step, input.inputs.attempts, input.now) }));
}

/** The wait that earlier failures impose, unless the step waits for something else already. */
function waiting(step: Step, attempts: readonly Attempt[], now: number): { waits?: string } {
  if (step.waits !== undefined) return {};
  const trial = trialOf(attempts, step, now);
  switch (trial.kind) {
    case 'free':
      return {};
    case 'waiting':
      return { waits: `tries again at ${trial.until} after: ${trial.attempt.message}` };
    case 'gaveUp':
      return { waits: `gave up: ${trial.attempt.message}` };
  }
}

function fetchSteps({ diff, desired, inputs, now }: PlanInput): Step[] {
  return diff.fetch.map((entry): Step => {
    const trial = trialKey(entry.want.service, 'fetch', entry.key, desired.generation);
    const branch = 'branch' in entry.fetch ? entry.fetch.branch : entry.target?.branch ?? '';
    const step: Step = {
      action: 'fetch',
      service: entry.want.service,
      node: entry.node.name,
      reason: entry.reason,
      ...trial,
      askedBy: entry.askedBy,
      healing: entry.healing,
      order: {
        type: 'fetch',
        sandbox: desired.ref,
        service: entry.want.service,
        generation: desired.generation,
        repository: entry.want.repository,
        ...('branch' in entry.fetch ? { branch } : { commit: entry.fetch.commit }),
      },
    };
    if (entry.needsLogin) return { ...step, waits: `${entry.askedBy} has to log in, so that it can be fetched` };
    return { ...step, ...waiting(step, inputs.attempts, now) };
  });
}

function buildSteps({ diff, desired }: PlanInput, fetching: boolean): Step[] {
  const steps: Step[] = [];
  for (const entry of [...diff.create, ...diff.replace]) {
    if (!entry.needsBuild || !entry.target) continue;
    const { target } = entry;
    const step: Step = {
      action: 'build',
      service: entry.want.service,
      node: entry.node.name,
      reason: `build ${target.repository} at ${target.commit.slice(0, 8)}`,
      ...trialKey(entry.want.service, 'build', target.image, desired.generation),
      healing: entry.healing,
      order: {
        type: 'build',
        sandbox: desired.ref,
        service: entry.want.service,
        generation: desired.generation,
        repository: target.repository,
        commit: target.commit,
        branch: target.branch,
        image: target.image,
      },
    };
    steps.push(fetching && !entry.healing ? { ...step, waits: 'all fetches come before the builds' } : step);
  }
  for (const entry of diff.fetch) {
    if (entry.target !== undefined && !entry.needsBuild) continue;
    steps.push(
      later('build', entry, `build what ${'branch' in entry.fetch ? entry.fetch.branch : 'the commit'} brings`),
    );
  }
  return steps;
}

function networkSteps({ diff, desired, inputs, world }: PlanInput): Step[] {
  const steps = new Map<string, Step>();
  const name = networkName(desired.ref.slug);
  for (const entry of [...diff.create, ...diff.replace, ...diff.start, ...diff.fetch]) {
    const { engine } = entry.node;
    if (steps.has(engine) || hasNetwork(entry, name, world)) continue;
    const subnet = inputs.subnets.find((item) => item.engine === engine)?.subnet;
    const step: Step = {
      action: 'network',
      node: entry.node.name,
      reason: `make the sandbox's network ${name}`,
      key: `@network/${engine}`,
      kind: 'network',
      subject: `${name} ${subnet ?? ''}`,
      input: `${name} ${subnet ?? ''}`,
    };
    steps.set(
      engine,
      subnet === undefined
        ? { ...step, waits: 'a subnet is claimed first' }
        : { ...step, order: { type: 'network', sandbox: desired.ref, name, subnet } },
    );
  }
  return [...steps.values()];
}

function startStopSteps({ diff, desired }: PlanInput): Step[] {
  const starts = diff.start.flatMap((entry): Step[] => {
    if (!entry.holder) return [];
    const { service } = entry.want;
    return [
      {
        action: 'start',
        service,
        node: entry.node.name,
        reason: entry.reason,
        healing: true,
        ...trialKey(service, 'start', entry.holder.id, desired.generation),
        order: { type: 'restart', sandbox: desired.ref, service, containerId: entry.holder.id },
      },
    ];
  });
  const stops = diff.stop.map((entry): Step => {
    const { service } = entry.want;
    return {
      action: 'stop',
      service,
      node: entry.node.name,
      reason: entry.reason,
      key: service,
      kind: 'stop',
      healing: true,
      subject: entry.holder.id,
      input: entry.holder.id,
      order: { type: 'stop', sandbox: desired.ref, service, containerId: entry.holder.id },
    };
  });
  return [...starts, ...stops];
}

function routeSteps({ routes, desired }: PlanInput): Step[] {
  return routes
    .filter((item) => !inForce(item, desired.ref.uid))
    .map(
      (item): Step => ({
        action: 'route',
        node: item.owner.name,
        reason: item.routes === null ? 'its routes are not wanted here any more' : 'the routes in force differ from the wanted ones',
        key: `@routes/${item.engine}`,
        kind: 'routes',
        subject: item.hash,
        // An edge that recovers is tried at once.
        input: `${item.hash} ${item.owner.state?.edge.state ?? ''}`,
        order: { type: 'routes', sandbox: desired.ref, routes: item.routes, hash: item.hash },
        ...(item.home ? {} : { aside: true as const }),
      }),
    );
}

/** A predecessor finishes its connections, whoever was there when it was replaced: its name tells the agent since when. */
function drainOf(item: Removal, { desired, defaults }: PlanInput): { drain?: { port: number; seconds: number } } {
  const want = item.kind === 'container' && item.leftover ? desired.services.find(({ service }) => service === item.service) : undefined;
  return want === undefined ? {} : { drain: { port: want.port, seconds: want.drainSeconds ?? defaults.drainSeconds } };
}

function removeSteps(input: PlanInput): Step[] {
  const { diff, desired, routes } = input;
  // Requests are led elsewhere before their container goes. An edge that failed serves nobody.
  const pending = routes.some((item) => item.home && item.owner.state?.edge.state === 'ready' && !inForce(item, desired.ref.uid));
  return diff.remove.map((item): Step => {
    const step: Step =
      item.kind === 'container'
        ? {
            action: 'remove',
            service: item.service,
            node: item.node.name,
            reason: `${item.name}: ${item.reason}`,
            key: item.service === '' ? `@remove/${item.id}` : item.service,
            kind: 'remove',
            subject: item.id,
            input: item.id,
            order: { type: 'remove', sandbox: desired.ref, object: { kind: 'container', id: item.id, ...drainOf(item, input) } },
          }
        : {
            action: 'remove',
            node: item.node.name,
            reason: `${item.name}: ${item.reason}`,
            key: `@network/${item.node.engine}`,
            kind: 'remove',
            subject: item.name,
            input: item.name,
            order: { type: 'remove', sandbox: desired.ref, object: { kind: 'network', name: item.name } },
          };
    return pending ? { ...step, waits: 'comes after the routes' } : step;
  });
}
