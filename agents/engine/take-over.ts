/**
 * A healthy new container takes the canonical name over from the old one, without a moment in which the name leads
 * nowhere. README.md tells why it is done in these steps.
 */
import { SdpError } from '#schema/errors';
import type { EndpointInfo, EngineContext } from './context.ts';
import { statusOf } from './engine-api.ts';
import { addressOf, inspect } from './observe.ts';
import { oldName } from './ownership.ts';

export interface TakeOver {
  network: string;
  canonical: string;
  /** Container that holds the canonical name, if any. */
  oldId: string | undefined;
  newId: string;
}

/** Makes Docker's DNS answer the canonical name with the new container too, and leads the edge to it. */
export async function joinUnderAlias(context: EngineContext, { network, canonical, oldId, newId }: TakeOver): Promise<void> {
  if (oldId === undefined) return;
  const old = await inspect(context, oldId);
  if (!old?.State.Running) return;
  await reconnect(context, newId, network, [canonical]);
}

/** The old one is renamed away, the new one takes the name. Goes on from wherever it was interrupted. */
export async function tradeNames(context: EngineContext, { canonical, oldId, newId }: TakeOver): Promise<void> {
  await context.renames.swap(async () => {
    if (oldId !== undefined) await rename(context, oldId, oldName(canonical, oldId, Date.now()));
    await rename(context, newId, canonical);
  });
}

/** The replaced container keeps its connections and its address, but no name leads to it any more. */
export async function leaveName(context: EngineContext, id: string, network: string, canonical: string): Promise<void> {
  const detail = await inspect(context, id);
  if (!detail?.State.Running) return;
  const endpoint = detail.NetworkSettings.Networks?.[network];
  if (endpoint?.Aliases?.includes(canonical)) await reconnect(context, id, network, []);
}

/**
 * Disconnects and connects again under other aliases and the same address: sockets outlive that, packets of the
 * tenth of a second between are sent again.
 */
async function reconnect(context: EngineContext, id: string, network: string, aliases: readonly string[]): Promise<void> {
  await context.locks.run(`network:${network}`, async () => {
    const detail = await inspect(context, id);
    const endpoint: EndpointInfo | undefined = detail?.NetworkSettings.Networks?.[network];
    const address = endpoint?.IPAMConfig?.IPv4Address ?? (detail && addressOf(detail));
    await context.api
      .json({ method: 'POST', path: `/networks/${network}/disconnect`, body: { Container: id, Force: false } })
      .catch((error: unknown) => {
        // Not connected: an earlier try ended right here.
        if (![403, 404].includes(statusOf(error) ?? 0)) throw error;
      });
    const connect = (config: object): Promise<unknown> =>
      context.api.json({
        method: 'POST',
        path: `/networks/${network}/connect`,
        body: { Container: id, EndpointConfig: { Aliases: aliases, ...config } },
      });
    if (address === undefined) await connect({});
    else {
      await connect({ IPAMConfig: { IPv4Address: address } }).catch(async (error: unknown) => {
        if (statusOf(error) === undefined) throw error;
        // Somebody took the address in between: any address is better than none.
        await connect({});
      });
    }
  });
}

async function rename(context: EngineContext, id: string, name: string): Promise<void> {
  await context.api.json({ method: 'POST', path: `/containers/${id}/rename`, query: { name } }).catch(async (error: unknown) => {
    const detail = await inspect(context, id);
    if (!detail) {
      // The old one may be gone: its name is free then. The new one must be there.
      if (name.includes('.old-')) return;
      throw new SdpError('container_exited', `Container ${name} was removed by somebody while it took over.`);
    }
    if (detail.Name === `/${name}`) return;
    if (statusOf(error) === 409) {
      throw new SdpError('name_blocked', `Something that is not ours took the name ${name} meanwhile.`, {
        hint: `Rename or remove it: docker rename ${name} other-name`,
      });
    }
    throw error;
  });
}
