/** The container engine of this node, over its API socket. */
import { createHash } from 'node:crypto';
import type { AddressSwitch, Engine } from '../contract.ts';
import { removeContainer, restartContainer, stopContainer } from './containers.ts';
import type { EngineContext } from './context.ts';
import { imageFromDockerfile } from './dockerfile.ts';
import { EngineApi, engineFailed } from './engine-api.ts';
import { HealthMemory } from './health-memory.ts';
import { imageFromDirectory, imageFromFile, imageId, removeImages } from './images.ts';
import { KeyedLock } from './keyed-lock.ts';
import { ensureNetwork, removeNetwork } from './networks.ts';
import { observe } from './observe.ts';
import { RenameGuard } from './rename-guard.ts';
import { runContainer } from './run-container.ts';
import { watchEngine } from './watch.ts';

export interface EngineOptions {
  /** Path of the engine's unix socket. */
  socket: string;
  /** Installation's id: only objects that carry it are touched. */
  installation: string;
  /** This node's name; containers of other nodes on the same engine are theirs. */
  node: string;
  /** Where the edge is told of new addresses; asked at each switch. */
  addressSwitch?: () => AddressSwitch | undefined;
  /** Images that are reported beside `sdp/*`, such as the runtime base. */
  baseImages?: () => readonly string[];
  /** CIDRs that no network may touch (`network.forbidden`). The host's own routes are always checked. */
  forbidden?: () => readonly string[];
  /** Runs the engine's small init as process 1, so that any service hears SIGTERM. Default true. */
  init?: boolean;
}

/**
 * Engines before 23.0 keep their id in a file of the machine, so that two on one machine have the same: where each
 * keeps its data tells them apart.
 */
function engineId(id: string, dataRoot: string): string {
  return `${id}/${createHash('sha256').update(dataRoot).digest('hex').slice(0, 8)}`;
}

/** Opens nothing yet: the first call connects. */
export function openEngine(options: EngineOptions): Engine {
  const api = new EngineApi(options.socket);
  const context: EngineContext = {
    api,
    owner: { installation: options.installation, node: options.node },
    addressSwitch: options.addressSwitch ?? (() => undefined),
    baseImages: options.baseImages ?? (() => []),
    forbidden: options.forbidden ?? (() => []),
    init: options.init ?? true,
    locks: new KeyedLock(),
    renames: new RenameGuard(),
    replacedAt: new Map(),
  };
  const health = new HealthMemory();
  return {
    info: async () => {
      const apiVersion = await api.negotiate();
      const info = await api
        .json<{ ID: string; DockerRootDir: string; ServerVersion: string; NCPU: number; MemTotal: number }>({ method: 'GET', path: '/info' })
        .catch((error: unknown) => {
          throw engineFailed(`The container engine at ${options.socket} cannot be asked`, error);
        });
      return { id: engineId(info.ID, info.DockerRootDir), version: info.ServerVersion, apiVersion, cpus: info.NCPU, memoryBytes: info.MemTotal };
    },
    state: () => observe(context, health),
    watch: (onChange) => watchEngine(context, onChange),
    ensureNetwork: (network) => ensureNetwork(context, network),
    run: (order, reporter, signal) => runContainer(context, health, order, reporter, signal),
    stopContainer: (id) => stopContainer(context, id),
    restartContainer: (id) => restartContainer(context, id),
    removeContainer: (id, drain, signal) => removeContainer(context, id, drain, signal),
    removeNetwork: (name) => removeNetwork(context, name),
    imageId: (ref) => imageId(context, ref),
    fromFile: (image, signal) => imageFromFile(context, image, signal),
    fromDirectory: (image, signal) => imageFromDirectory(context, image, signal),
    fromDockerfile: (image, log, signal) => imageFromDockerfile(context, image, log, signal),
    removeImages: (keep) => removeImages(context, keep),
  };
}
