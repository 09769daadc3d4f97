/** A sandbox's network: one bridge with the subnet that the reconciler chose. */
import { readFile } from 'node:fs/promises';
import { SdpError } from '#schema/errors';
import { LABELS } from '#schema/names';
import type { SandboxRef } from '#schema/wire/commands';
import { contains, gatewayOf, overlaps, parseSubnet } from './addresses.ts';
import type { EngineContext, NetworkDetail } from './context.ts';
import { engineFailed, statusOf } from './engine-api.ts';
import { isOurNetwork } from './ownership.ts';
import { pause } from './abort.ts';
import { parseRoutes } from './host-routes.ts';

/** The network of exactly this name, or undefined. */
export async function findNetwork(context: EngineContext, name: string): Promise<NetworkDetail | undefined> {
  // By list, because an inspection by name also finds identifiers that begin with it.
  const listed = await context.api.json<NetworkDetail[]>({
    method: 'GET',
    path: '/networks',
    query: { filters: JSON.stringify({ name: [name] }) },
  });
  const id = listed.find((network) => network.Name === name)?.Id;
  if (id === undefined) return undefined;
  return context.api.json<NetworkDetail>({ method: 'GET', path: `/networks/${id}` }).catch((error: unknown) => {
    if (statusOf(error) === 404) return undefined;
    throw error;
  });
}

export async function ensureNetwork(
  context: EngineContext,
  wanted: { sandbox: SandboxRef; name: string; subnet: string },
): Promise<{ id: string }> {
  const { name, subnet } = wanted;
  try {
    const existing = await findNetwork(context, name);
    if (existing) {
      if (!isOurNetwork(context.owner, existing.Labels) || existing.Labels?.[LABELS.sandbox] !== wanted.sandbox.uid) {
        throw blocked(name);
      }
      if (subnetOf(existing) === subnet) return { id: existing.Id };
      const attached = Object.values(existing.Containers ?? {}).map((one) => one.Name);
      if (attached.length > 0) {
        throw new SdpError(
          'precondition_failed',
          `Network ${name} has subnet ${subnetOf(existing)} instead of ${subnet}, and ${attached.join(', ')} are attached to it.`,
          { hint: 'Suspend the sandbox and resume it; its network is then made anew.' },
        );
      }
      await context.api.json({ method: 'DELETE', path: `/networks/${existing.Id}`, also: [404] });
    }
    await refuseForbidden(context, subnet);
    const created = await context.api
      .json<{ Id: string }>({
        method: 'POST',
        path: '/networks/create',
        body: {
          Name: name,
          CheckDuplicate: true,
          Driver: 'bridge',
          IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gatewayOf(subnet) }] },
          Labels: {
            [LABELS.installation]: context.owner.installation,
            [LABELS.sandbox]: wanted.sandbox.uid,
            [LABELS.sandboxName]: wanted.sandbox.slug,
          },
        },
      })
      .catch(async (error: unknown) => {
        // Made meanwhile by the other agent of this engine, or by this very call before its answer was lost.
        const found = await findNetwork(context, name);
        if (found && isOurNetwork(context.owner, found.Labels) && subnetOf(found) === subnet) return found;
        throw error;
      });
    return { id: created.Id };
  } catch (error) {
    throw engineFailed(`Network ${name} (${subnet}) cannot be made`, error);
  }
}

/** Gone already is success; whatever is still attached is disconnected by force. Only a network of ours. */
export async function removeNetwork(context: EngineContext, name: string): Promise<void> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      const network = await findNetwork(context, name);
      if (!network) return;
      if (!isOurNetwork(context.owner, network.Labels)) throw blocked(name);
      for (const [id, endpoint] of Object.entries(network.Containers ?? {})) {
        // A ghost endpoint has no container any more and is known by its name only.
        await context.api
          .json({
            method: 'POST',
            path: `/networks/${network.Id}/disconnect`,
            body: { Container: id.startsWith('ep-') ? endpoint.Name : id, Force: true },
          })
          .catch((error: unknown) => {
            if (statusOf(error) === undefined) throw error;
          });
      }
      try {
        await context.api.json({ method: 'DELETE', path: `/networks/${network.Id}`, also: [404] });
        return;
      } catch (error) {
        // 403 and 409 are "active endpoints"; a container that is just going gives its endpoint up by itself.
        if (attempt >= 5 || ![403, 409, 500].includes(statusOf(error) ?? 0)) throw error;
        await pause(200 * attempt);
      }
    }
  } catch (error) {
    throw engineFailed(`Network ${name} cannot be removed`, error);
  }
}

export function subnetOf(network: NetworkDetail): string | undefined {
  return network.IPAM.Config?.[0]?.Subnet;
}

function blocked(name: string): SdpError {
  return new SdpError('name_blocked', `A network that SDP did not make for this sandbox is called ${name}.`, {
    hint: `Rename or remove it: docker network rm ${name}`,
  });
}

/** A network over an address that the host already uses would cut the host off from it (A4). */
async function refuseForbidden(context: EngineContext, subnet: string): Promise<void> {
  const wanted = parseSubnet(subnet);
  const forbidden = context.forbidden().find((cidr) => overlaps(parseSubnet(cidr), wanted));
  if (forbidden !== undefined) {
    throw new SdpError('precondition_failed', `Subnet ${subnet} lies in ${forbidden}, which network.forbidden keeps free.`, {
      hint: 'Choose another network.pool in the agent\'s file.',
    });
  }
  const routes = parseRoutes(await readFile('/proc/net/route', 'utf8'));
  // A wider route through a gateway is no collision: the more specific bridge only takes its part of it.
  const taken = routes.find(
    (route) => overlaps(route.subnet, wanted) && (route.direct || contains(wanted, route.subnet)),
  );
  if (taken) {
    throw new SdpError('precondition_failed', `Subnet ${subnet} overlaps a route of this host through ${taken.device}.`, {
      hint: 'Choose another network.pool in the agent\'s file.',
    });
  }
}
