/** What people ask the loop directly: how services are reached, and a restart. */
import type { StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { RouteView } from '#schema/http';
import { containerName, slugOf } from '#schema/names';
import type { EdgeTarget } from '#schema/wire/commands';
import type { Step } from '../model.ts';
import { onlineNodes, ownContainers, worldOf } from '../observed/world.ts';
import { engineRoutes } from '../routes/edge-routes.ts';
import { routeChoices } from '../routes/choices.ts';
import { routeFaults } from '../routes/faults.ts';
import { routeStatus } from '../status/route-status.ts';
import { toCommand } from '../dispatch/to-command.ts';
import type { LoopContext } from './context.ts';
import { readInputs } from './read-inputs.ts';
import { situationOf } from './survey.ts';
import { noSandbox } from './no-sandbox.ts';

export async function routeViews(loop: LoopContext, slug: string): Promise<RouteView[]> {
  const inputs = await readInputs(loop.store, loop.store, () => loop.store.get('Sandbox', slug));
  if (!inputs) throw noSandbox(slug);
  const now = loop.clock.now();
  const situation = situationOf(inputs, loop.fleet.nodes(), { ...loop, now });
  const routes = engineRoutes(situation);
  const known = { ...situation, routes, faults: routeFaults(inputs, now), renew: true, previous: inputs.sandbox.status };
  return routeChoices(inputs, situation.desired).map((choice): RouteView => {
    const edges: Record<string, EdgeTarget> = {};
    for (const { owner, routes: own } of routes) {
      const target = own?.inside[choice.service];
      if (target) edges[owner.name] = target;
    }
    return { service: choice.service, ...routeStatus(choice, known), edges };
  });
}

/** Stops and starts the container as it is; resolves when the agent is done. */
export async function restartService(loop: LoopContext, slug: string, service: string): Promise<void> {
  const sandbox: StoredDocument<'Sandbox'> | undefined = await loop.store.get('Sandbox', slug);
  if (!sandbox) throw noSandbox(slug);
  const { uid, name } = sandbox.metadata;
  const ref = { uid, slug: sandbox.metadata.slug, name };
  const wanted = slugOf(service);
  if (sandbox.spec.run === 'suspended') {
    throw new SdpError('conflict', `The sandbox ${name} is suspended.`, { hint: 'Resume it instead.' });
  }
  const world = worldOf(loop.fleet.nodes(), await loop.store.nodes(), ref);
  const found = ownContainers(onlineNodes(world)).find(
    ({ container }) => container.name === containerName(ref.slug, wanted),
  );
  if (!found) {
    throw new SdpError('not_found', `No node reports a container of ${service} in sandbox ${name}.`, {
      hint: 'See the status of the sandbox for why.',
    });
  }
  const { node, container } = found;
  const step: Step = {
    action: 'restart',
    service: wanted,
    node: node.name,
    reason: 'somebody asked for a restart',
    key: wanted,
    kind: 'restart',
    subject: container.id,
    input: container.id,
    order: { type: 'restart', sandbox: ref, service: wanted, containerId: container.id },
  };
  if (!step.order) return;
  const command = toCommand(step.order, { epoch: loop.epoch, attempt: 1, deploymentId: '', now: loop.clock.now() });
  const sent = loop.dispatcher.send({ uid, step, command, node: node.name, deploymentId: '', cancelled: false });
  if (!sent) {
    throw new SdpError('conflict', `Something else is being done with ${service} of sandbox ${name} at the moment.`, {
      hint: 'Wait until it is done.',
    });
  }
  const end = await sent.landed;
  if (!end.ok) throw end.error;
}
