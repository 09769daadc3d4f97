/** The edge of one engine, put together: one queue, so that orders and observations never cross. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { SdpError } from '#schema/errors';
import { EDGE_INSIDE_PORT } from '#schema/names';
import type { EdgeRoutes, SandboxRef } from '#schema/wire/commands';
import type { ObservedContainer, ObservedEdge, ObservedNetwork } from '#schema/wire/report';
import type { AddressSwitch, AgentConfig, Edge } from '../contract.ts';
import { switchAddress } from './address-switch.ts';
import { targetChecker } from './check-target.ts';
import { TargetChecks } from './checks.ts';
import { computeMaps, namesToResolve, waitingServices, type KnownContainer, type MapState } from './compute-maps.ts';
import { changedMaps, diffMaps } from './diff-maps.ts';
import { wantedChecks } from './edge-checks.ts';
import { EDGE_CONNECTIONS, findContainer, type EdgeContainer } from './edge-container.ts';
import { certificates, configuredPorts, edgeFiles, type EdgeFiles } from './edge-files.ts';
import { dropRoutes, keepRoutes, makeDirectories, readResolved, readRoutes, writeMapFiles, writeWhole, type KeptRoutes } from './files.ts';
import { allListeningPorts, foreignPorts } from './foreign-ports.ts';
import { hopToken } from './haproxy-config.ts';
import { containersOf, knownContainers } from './known-containers.ts';
import { Moves } from './moves.ts';
import { edgePaths } from './paths.ts';
import { rangesWithout } from './ports.ts';
import { probeFromInside } from './probe.ts';
import { bringUp } from './process.ts';
import { RequestLog } from './request-log.ts';
import { nameResolver, type NameResolver } from './resolver.ts';
import { processInfo, readMaps, replaceMap, writeMaps } from './runtime-maps.ts';
import { runtimeSocket } from './runtime-socket.ts';
import { serialQueue } from './serial-queue.ts';
import { isValid, validate } from './validate-routes.ts';
import { onOldWorkers } from './workers.ts';

export interface EdgeOptions {
  config: Pick<AgentConfig, 'node' | 'dataDir' | 'ports' | 'network' | 'images' | 'baseline'>;
  installation: string;
  /** Shared by all edges of the installation (`Welcome.edgeSecret`). */
  secret: string;
  docker: Docker;
  /** Where the kernel lists sockets of the engine's network namespace. Default `/proc/self/net`. */
  procNet?: string;
  /** Milliseconds between looks at the process, the names and the ports. Default 30,000. */
  lookEveryMs?: number;
  /** Called when `state()` changed by itself, such as after a check. */
  onChange?: () => void;
}

/** While it has failed, the edge is looked after more often. */
const FAILED_LOOK_MS = 5_000;
/** Looks between two reloads for ports that others gave back: a former worker may live for ten minutes. */
const TAKE_BACK_LOOKS = 20;
/** How long an order waits in the queue for names; later answers follow by themselves. */
const NAME_PATIENCE_MS = 100;

/** The edge for the agent that owns it (the first by name on its engine). */
export function createOwnedEdge(options: EdgeOptions): Edge & AddressSwitch {
  const { config, docker, installation, procNet = '/proc/self/net', lookEveryMs = 30_000 } = options;
  const paths = edgePaths(config.dataDir);
  const socket = runtimeSocket(paths.socket);
  const container: EdgeContainer = { docker, order: { installation, node: config.node.name, image: config.images.edge, paths } };
  const serial = serialQueue();
  const moves = new Moves();
  const requests = new RequestLog(paths);
  const checks = new TargetChecks(() => options.onChange?.());
  const checkTarget = targetChecker(config);
  const token = hopToken(installation, options.secret);
  const checkParts = { socket: paths.checkSocket, checkTarget };

  const sharedRange = config.ports.shared === 0 ? [] : [{ from: config.ports.shared, to: config.ports.shared }];
  let status: Pick<ObservedEdge, 'state' | 'message'> = { state: 'starting' };
  let resolver: NameResolver = nameResolver(config.baseline);
  let routes = new Map<string, KeptRoutes>();
  let containers = new Map<string, KnownContainer>();
  /** Maps as they are in force, or undefined when that is not certain. */
  let inForce: MapState | undefined;
  let reported: Record<string, string> = {};
  /** Ports of the ranges that the edge does not listen on: others hold them, or did when it was configured. */
  let foreign: number[] = [];
  let tookBackAt = 0;
  let startedAt = 0;
  let order = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let probed = false;
  /** What keeps containers from reaching this edge. */
  let obstacle: string | undefined;
  /** This build of HAProxy cannot delay requests. */
  let withoutLua = false;
  /** Port that serves all sandboxes, while it does. */
  let sharedPort: number | undefined;

  const ordered = (): EdgeRoutes[] => [...routes.values()].sort((a, b) => a.order - b.order).map((kept) => kept.routes);
  const desired = (): MapState => {
    moves.forget(containers);
    return computeMaps({ routes: ordered(), containers, addresses: resolver.addresses(), moved: moves.all, pool: config.network.pool });
  };
  const confirm = (maps: MapState): void => {
    inForce = maps;
    reported = Object.fromEntries([...routes].map(([uid, kept]) => [uid, kept.hash]));
    checks.want(wantedChecks(ordered(), maps, checkParts));
  };
  const stillWaiting = (): Pick<ObservedEdge, 'waiting'> => {
    const waiting = waitingServices({ routes: [...routes.values()].map((kept) => kept.routes), containers });
    return Object.keys(waiting).length === 0 ? {} : { waiting };
  };
  /** What people should know although the edge works. */
  const remarks = (): string[] => [
    ...(obstacle === undefined ? [] : [obstacle]),
    ...(withoutLua ? ['This HAProxy was built without Lua: faults of the kind delay are not possible on this node; the others are.'] : []),
    ...(sharedPort === undefined && sharedRange.length > 0 && status.state === 'ready'
      ? [`Port ${config.ports.shared} (ports.shared), which would serve all sandboxes by name, is held by another process.`]
      : []),
  ];
  const fail = (error: unknown): void => {
    const { message, hint } = SdpError.from(error);
    status = { state: 'failed', message: hint === undefined ? message : `${message} ${hint}` };
    inForce = undefined;
    reported = {};
  };

  /** A sandbox may have to move at once. */
  const noteForeign = (ports: number[]): void => {
    if (ports.join() === foreign.join()) return;
    foreign = ports;
    options.onChange?.();
  };

  /** The process that was brought up does not answer. */
  const lost = (): void => {
    inForce = undefined;
    if (status.state !== 'ready') return;
    status = { state: 'starting', message: 'HAProxy does not answer the agent; it is being started again.' };
    options.onChange?.();
  };

  /** Ports and files of now. Ports that the running edge holds are its own. */
  async function currentFiles(): Promise<{ files: EdgeFiles; shared: number | undefined }> {
    const wanted = [config.ports.gateway, config.ports.service];
    const found = await findContainer(container);
    const own = found?.state === 'running' ? await configuredPorts(paths) : [];
    const listening = await allListeningPorts(procNet);
    noteForeign(foreignPorts(listening, wanted, own));
    if (foreignPorts(listening, [{ from: EDGE_INSIDE_PORT, to: EDGE_INSIDE_PORT }], own).length > 0) {
      throw new SdpError('edge_failed', `Another process listens on port ${EDGE_INSIDE_PORT}, which the edge needs.`, {
        hint: `Find it with: ss -ltnp 'sport = :${EDGE_INSIDE_PORT}'.`,
      });
    }
    const shared = foreignPorts(listening, sharedRange, own).length > 0 ? undefined : sharedRange[0]?.from;
    const leftOut = new Set([...foreign, EDGE_INSIDE_PORT, ...(shared === undefined ? [] : [shared])]);
    const files = edgeFiles(
      {
        node: config.node.name,
        hopToken: token,
        gatewayPorts: rangesWithout(config.ports.gateway, leftOut),
        servicePorts: rangesWithout(config.ports.service, leftOut),
        sharedPort: shared,
        pool: config.network.pool,
        allowFrom: config.ports.allowFrom,
        maxConnections: EDGE_CONNECTIONS,
      },
      await certificates(config.baseline.caFile),
    );
    return { files, shared };
  }

  /** From any state to a running edge with the right maps. */
  async function recover(): Promise<void> {
    try {
      const { files, shared } = await currentFiles();
      const maps = desired();
      await writeMapFiles(paths, maps);
      await bringUp(container, socket, files);
      sharedPort = shared;
      const live = await readMaps(socket);
      for (const map of changedMaps(diffMaps(live, maps))) await replaceMap(socket, map, maps[map]);
      await bringOldWorkers(maps);
      const info = await processInfo(socket);
      startedAt = Date.now() - info.uptimeSeconds * 1000;
      withoutLua = info.withoutLua;
      status = { state: 'ready' };
      confirm(maps);
    } catch (error) {
      fail(error);
      throw error;
    }
  }

  /** Files first: HAProxy killed between the two comes back with what was about to be. */
  async function follow(): Promise<void> {
    if (inForce === undefined) return recover();
    const maps = desired();
    const writes = diffMaps(inForce, maps);
    await writeMapFiles(paths, maps, changedMaps(writes));
    try {
      await Promise.all([writeMaps(socket, writes), bringOldWorkers(maps)]);
      confirm(maps);
    } catch {
      await recover();
    }
  }

  const bringOldWorkers = (maps: MapState): Promise<void> =>
    onOldWorkers(paths.socket, async (old) => writeMaps(old, diffMaps(await readMaps(old, maps), maps)));

  async function keepResolved(): Promise<void> {
    await writeWhole(paths.resolved, JSON.stringify(Object.fromEntries(resolver.addresses())));
  }

  /** Once per start, as soon as there is a network to ask from. An answer that cannot be had is no finding. */
  async function probeOnce(networks: readonly ObservedNetwork[]): Promise<void> {
    const own = networks.find((network) => network.foreign === undefined && network.sandboxUid !== undefined);
    if (probed || own === undefined || status.state !== 'ready') return;
    probed = true;
    const order = { docker, installation, image: config.images.edge, network: own.name };
    obstacle = await probeFromInside(order).catch(() => undefined);
  }

  /** Names are asked for outside of the queue: a slow server must not hold up a flip. */
  async function look(): Promise<void> {
    if (await resolver.refresh(namesToResolve(ordered()))) await keepResolved();
    await serial(async () => {
      if (stopped) return;
      const info = await processInfo(socket).catch(() => undefined);
      const uptimeStart = Date.now() - (info?.uptimeSeconds ?? 0) * 1000;
      if (info === undefined) lost();
      else if (uptimeStart > startedAt + 2_000) inForce = undefined;
      const [listening, own] = [await allListeningPorts(procNet), await configuredPorts(paths)];
      // One that was left out serves nobody until it is configured, whoever has it by now.
      noteForeign(foreignPorts(new Set([...listening, ...foreign]), [config.ports.gateway, config.ports.service], own));
      if (foreign.some((port) => !listening.has(port)) && Date.now() - tookBackAt > TAKE_BACK_LOOKS * lookEveryMs) {
        tookBackAt = Date.now();
        inForce = undefined;
      }
      // The port for all sandboxes is worth a reload as soon as it is free.
      if (sharedPort === undefined && sharedRange.some(({ from }) => !listening.has(from))) inForce = undefined;
      await follow();
    });
  }

  function lookAgain(): void {
    if (stopped) return;
    const delay = status.state === 'failed' ? Math.min(lookEveryMs, FAILED_LOOK_MS) : lookEveryMs;
    timer = setTimeout(() => void look().catch(fail).then(lookAgain), delay);
    timer.unref();
  }

  return {
    start: () =>
      serial(async () => {
        await makeDirectories(paths);
        const kept = (await readRoutes(paths)).filter((each) => isValid(each));
        routes = new Map(kept.map((each) => [each.routes.sandbox.uid, each]));
        order = Math.max(0, ...kept.map((each) => each.order));
        resolver = nameResolver(config.baseline, await readResolved(paths));
        containers = await containersOf(docker, installation);
        await resolver.learn(namesToResolve(ordered()));
        // A failure is a state that people see, and is tried again at every look.
        await recover().catch(() => undefined);
        lookAgain();
      }),

    async apply(sandbox: SandboxRef, wanted: EdgeRoutes | null, hash: string) {
      if (wanted !== null) validate(sandbox, wanted);
      const learning = wanted === null ? Promise.resolve(false) : resolver.learn(namesToResolve([wanted]));
      await serial(async () => {
        if (wanted === null) {
          routes.delete(sandbox.uid);
          await dropRoutes(paths, sandbox.uid);
        } else {
          await Promise.race([learning, sleep(NAME_PATIENCE_MS)]);
          const kept = { routes: wanted, hash, order: ++order };
          routes.set(sandbox.uid, kept);
          await keepRoutes(paths, kept);
        }
        await follow();
      });
      if (!(await learning)) return;
      await keepResolved();
      await serial(follow);
    },

    containersChanged: (seen: readonly ObservedContainer[], networks: readonly ObservedNetwork[]) =>
      serial(async () => {
        void probeOnce(networks);
        containers = knownContainers(seen);
        if (inForce !== undefined && (await processInfo(socket).catch(() => undefined)) === undefined) lost();
        // A failure is the edge's own state; the observer has nothing to do about it.
        await follow().catch(() => undefined);
      }),

    readdress: (from: string, to: string) =>
      serial(async () => {
        moves.add(containers, from, to);
        try {
          await follow();
          await switchAddress(paths.socket, from, to);
        } catch (error) {
          // Without a running edge nothing leads to the old address, and the new one is what it will start with.
          if ((await findContainer(container))?.state === 'running') throw error;
        }
      }),

    onRequests: (listener) => requests.subscribe(listener),
    checkTarget,

    state: () => {
      const [said, results] = [remarks().join(' '), checks.results()];
      return {
        owner: true,
        ...(said === '' ? {} : { message: said }),
        ...status,
        routes: { ...reported },
        ...stillWaiting(),
        ...(Object.keys(results).length === 0 ? {} : { checks: results }),
        ...(sharedPort === undefined ? {} : { sharedPort }),
        ...(withoutLua ? { cannotDelay: true as const } : {}),
        foreignPorts: [...foreign],
      };
    },

    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      checks.stop();
      await requests.stop();
      await serial(() => Promise.resolve());
    },
  };
}
