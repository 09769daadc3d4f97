/** What a container is made of, as data for `POST /containers/create`. */
import { LABELS } from '#schema/names';
import type { ContainerSpec, SandboxRef } from '#schema/wire/commands';
import type { Owner } from './ownership.ts';

/** Processes and threads that one container may have. */
export const PIDS_LIMIT = 512;

export interface CreateOrder {
  sandbox: SandboxRef;
  service: string;
  generation: number;
  deploymentId: string;
  container: ContainerSpec;
}

export interface CreateOptions {
  Image: string;
  Env: string[];
  Labels: Record<string, string>;
  HostConfig: Record<string, unknown>;
  NetworkingConfig: { EndpointsConfig: Record<string, { IPAMConfig: { IPv4Address: string } }> };
}

/**
 * `gateway` is where the edge's host names lead: the bridge's address on the host. `address` is chosen by us, so
 * that it survives restarts and the reconnect that gives a container its alias.
 */
export function createOptions(
  owner: Owner,
  order: CreateOrder,
  at: { gateway: string; address: string; init: boolean },
): CreateOptions {
  const { container } = order;
  return {
    Image: container.image,
    // No Hostname: the engine's DNS would answer it, so the canonical name would lead to a container not yet healthy.
    // People's own variables win over the addresses that SDP injects.
    Env: Object.entries({ ...container.injected, ...container.variables }).map(([name, value]) => `${name}=${value}`),
    Labels: {
      [LABELS.installation]: owner.installation,
      [LABELS.node]: owner.node,
      [LABELS.sandbox]: order.sandbox.uid,
      [LABELS.sandboxName]: order.sandbox.slug,
      [LABELS.service]: order.service,
      [LABELS.hash]: container.hash,
      [LABELS.commit]: container.commit,
      [LABELS.branch]: container.branch,
      [LABELS.image]: container.image,
      [LABELS.port]: String(container.port),
      [LABELS.health]: container.health ?? '',
      [LABELS.deployment]: order.deploymentId,
      [LABELS.generation]: String(order.generation),
    },
    HostConfig: {
      NetworkMode: container.network,
      ExtraHosts: container.edgeHosts.map((host) => `${host}:${at.gateway}`),
      RestartPolicy: { Name: 'unless-stopped' },
      LogConfig: { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3' } },
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: PIDS_LIMIT,
      Init: at.init,
      ...(container.kind === 'go' ? { CapDrop: ['ALL'] } : {}),
      ...(container.cpu === undefined ? {} : { NanoCpus: Math.round(container.cpu * 1e9) }),
      ...(container.memoryBytes === undefined
        ? {}
        : // Equal: none of it may be swap, which would slow down the neighbours.
          { Memory: container.memoryBytes, MemorySwap: container.memoryBytes }),
    },
    NetworkingConfig: {
      EndpointsConfig: { [container.network]: { IPAMConfig: { IPv4Address: at.address } } },
    },
  };
}
