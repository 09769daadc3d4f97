/** Makes a container, and finds again one whose making was never answered. */
import { SdpError } from '#schema/errors';
import { LABELS } from '#schema/names';
import { chooseAddress, gatewayOf } from './addresses.ts';
import { listContainers, nameOf, type ContainerSummary, type EngineContext } from './context.ts';
import { createOptions, type CreateOrder } from './create-options.ts';
import { EngineError, statusOf } from './engine-api.ts';
import { findNetwork, subnetOf } from './networks.ts';
import { isOurContainer, isOurNetwork } from './ownership.ts';

/** Holder of exactly this name, whoever made it. */
export async function holderOf(context: EngineContext, name: string, signal?: AbortSignal): Promise<ContainerSummary | undefined> {
  const listed = await context.api.json<ContainerSummary[]>({
    method: 'GET',
    path: '/containers/json',
    query: { all: true, filters: JSON.stringify({ name: [name] }) },
    signal,
  });
  return listed.find((one) => nameOf(one) === name);
}

/** Creates the order's container under `name` and answers its id. @throws SdpError, EngineError */
export async function createContainer(
  context: EngineContext,
  order: CreateOrder,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const { container } = order;
  const network = await findNetwork(context, container.network);
  const subnet = network && subnetOf(network);
  if (!network || subnet === undefined) {
    throw new SdpError('precondition_failed', `Network ${container.network} is not there; container ${container.name} cannot be made.`);
  }
  if (!isOurNetwork(context.owner, network.Labels)) {
    throw new SdpError('name_blocked', `Network ${container.network} was not made by SDP.`, {
      hint: `Rename or remove it: docker network rm ${container.network}`,
    });
  }
  const gateway = network.IPAM.Config?.[0]?.Gateway ?? gatewayOf(subnet);
  // Chosen and created under one lock: a created container holds its address only in its settings.
  return context.locks.run(`network:${container.network}`, async () => {
    const address = chooseAddress(subnet, await takenAddresses(context, container.network, gateway), name);
    const body = createOptions(context.owner, order, { gateway, address, init: context.init });
    try {
      const created = await context.api.json<{ Id: string }>({
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body,
        signal,
      });
      return created.Id;
    } catch (error) {
      return await foundAgain(context, order, name, error);
    }
  });
}

async function foundAgain(context: EngineContext, order: CreateOrder, name: string, error: unknown): Promise<string> {
  const { container } = order;
  const status = statusOf(error);
  if (status === 404 && error instanceof EngineError && /image/i.test(error.message)) {
    throw new SdpError('missing_base_image', `Image ${container.image} is not on this node any more.`, {
      hint: 'Deploy the service again: the image is then built anew from its commit.',
    });
  }
  if (!(error instanceof EngineError) || (status !== undefined && status !== 409)) throw error;
  const holder = await holderOf(context, name);
  if (!holder) throw error;
  if (!isOurContainer(context.owner, holder.Labels)) {
    throw new SdpError('name_blocked', `A container that SDP did not make holds the name ${name}.`, {
      hint: `Rename or remove it: docker rename ${name} other-name`,
    });
  }
  if (holder.Labels?.[LABELS.hash] !== container.hash) throw error;
  return holder.Id;
}

/** Addresses that containers of a network have or will ask for at their start, stopped ones included. */
async function takenAddresses(context: EngineContext, network: string, gateway: string): Promise<Set<string>> {
  const taken = new Set([gateway]);
  for (const one of await listContainers(context.api, [])) {
    const endpoint = one.NetworkSettings?.Networks?.[network];
    if (endpoint?.IPAddress) taken.add(endpoint.IPAddress);
    if (endpoint?.IPAMConfig?.IPv4Address) taken.add(endpoint.IPAMConfig.IPv4Address);
  }
  return taken;
}
