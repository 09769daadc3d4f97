/** Leads every entry of one container address to another, on the engine's edge, whichever agent runs it. */
import type Docker from 'dockerode';
import { SdpError } from '#schema/errors';
import { LABELS } from '#schema/names';
import type { AddressSwitch } from '../contract.ts';
import type { MapWrite } from './diff-maps.ts';
import { readMap, writeMaps } from './runtime-maps.ts';
import { runtimeSocket, type RuntimeSocket } from './runtime-socket.ts';
import { readdressed } from './target-value.ts';
import { onOldWorkers } from './workers.ts';

/** @throws SdpError edge_failed */
export async function switchAddress(socketPath: string, from: string, to: string): Promise<void> {
  const change = (socket: RuntimeSocket): Promise<void> => switchOn(socket, from, to);
  await change(runtimeSocket(socketPath));
  await onOldWorkers(socketPath, change);
}

async function switchOn(socket: RuntimeSocket, from: string, to: string): Promise<void> {
  const writes: MapWrite[] = [];
  for (const map of ['inside', 'shared', 'outside'] as const) {
    for (const [key, old] of (await readMap(socket, map)) ?? []) {
      const value = readdressed(old, from, to);
      if (value !== undefined) writes.push({ map, action: 'set', key, value });
    }
  }
  await writeMaps(socket, writes);
}

/**
 * For agents that do not run the edge of their engine: finds it by its labels at every switch. Where no edge runs there
 * is nothing that leads anywhere, which is success. The edge's own agent follows by `containersChanged`.
 */
export function connectAddressSwitch(docker: Docker, installation: string): AddressSwitch {
  return {
    async readdress(from, to) {
      const running = await docker.listContainers({
        filters: { label: [`${LABELS.installation}=${installation}`, `${LABELS.role}=edge`], status: ['running'] },
      });
      for (const container of running) {
        const path = container.Labels[LABELS.edgeSocket];
        if (path === undefined) throw new SdpError('edge_failed', `The edge ${container.Id.slice(0, 12)} does not say where its socket is.`);
        await switchAddress(path, from, to);
      }
    },
  };
}
