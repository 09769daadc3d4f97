/** Names that people give, and the names on engines and in addresses that follow from them. */
import { SdpError } from './errors.ts';

/** The gateway's service name inside a sandbox; reserved. */
export const GATEWAY_SERVICE = 'gateway';

/** Under which SDP itself writes and is audited, as when it suspends what nobody uses; nobody can log in as it. */
export const SDP_USER = 'SDP';
/** Port of the edge's inside listener, where stable service addresses point. */
export const EDGE_INSIDE_PORT = 7080;
/** Suffix of the stable service names that the edge answers for. */
export const EDGE_SUFFIX = 'sdp';

/** Longest slug in characters. */
export const MAX_SLUG = 40;
/** Longest container name in characters: it is also a DNS label. */
export const MAX_CONTAINER_NAME = 63;

const ACCEPTED_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/**
 * The lower-case DNS label under which a name is looked up and which names its containers.
 * @throws SdpError invalid_document when the name has other characters or is longer than 40.
 */
export function slugOf(name: string): string {
  if (!ACCEPTED_NAME.test(name) || name.length > MAX_SLUG) {
    throw new SdpError(
      'invalid_document',
      `"${name.slice(0, 80)}" cannot be a name: use 1 to ${MAX_SLUG} letters, digits, "-", "_" or ".", beginning and ending with a letter or digit.`,
    );
  }
  return name.toLowerCase().replace(/[._]+/g, '-').replace(/-{2,}/g, '-');
}

/** Container of one service of one sandbox (G2). */
export function containerName(sandboxSlug: string, service: string): string {
  return `sandbox-${sandboxSlug}-${slugOf(service)}`;
}

/** Network of one sandbox (G2). */
export function networkName(sandboxSlug: string): string {
  return `sandbox-${sandboxSlug}`;
}

/** Stable host name of a service inside every sandbox. */
export function edgeHost(service: string): string {
  return `${slugOf(service)}.${EDGE_SUFFIX}`;
}

/** Stable address of a service inside every sandbox; what stands behind it is the route's matter. */
export function edgeUrl(service: string): string {
  return `http://${edgeHost(service)}:${EDGE_INSIDE_PORT}`;
}

/** Name of the variable that tells peers a service's address. */
export function urlVariable(service: string): string {
  return `${slugOf(service).replace(/-/g, '_').toUpperCase()}_URL`;
}

/** Image of one build: `sdp/{repository}:{commit}-{build hash}`. */
export function imageRef(repository: string, commit: string, buildHash: string): string {
  return `sdp/${slugOf(repository)}:${commit}-${buildHash.slice(0, 12)}`;
}

/** Labels on everything that SDP creates in an engine. Only objects with our installation id are touched. */
export const LABELS = {
  installation: 'sdp.installation',
  node: 'sdp.node',
  /** uid of the sandbox. */
  sandbox: 'sdp.sandbox',
  /** slug of the sandbox, for people. */
  sandboxName: 'sdp.sandbox.name',
  service: 'sdp.service',
  /** Desired hash that the container was made for, `v1:...`. */
  hash: 'sdp.hash',
  commit: 'sdp.commit',
  branch: 'sdp.branch',
  image: 'sdp.image',
  port: 'sdp.port',
  /** Path of the health check; empty: an open port is enough. */
  health: 'sdp.health',
  deployment: 'sdp.deployment',
  generation: 'sdp.generation',
  /** `edge` on a node's HAProxy. */
  role: 'sdp.role',
  /** Host path of the edge's runtime socket. */
  edgeSocket: 'sdp.edge.socket',
} as const;
