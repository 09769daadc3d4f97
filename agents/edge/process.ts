/** Brings HAProxy up with the files as they should be, and leaves a right one alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SdpError } from '#schema/errors';
import {
  acceptCandidate,
  CANDIDATE_INSIDE,
  dropCandidate,
  dropOtherSideFiles,
  readConfig,
  writeCandidate,
  writeConfig,
  writeSideFiles,
  type EdgeFiles,
} from './edge-files.ts';
import {
  checkConfiguration,
  ensureContainer,
  findContainer,
  lastAlerts,
  type EdgeContainer,
} from './edge-container.ts';
import { processInfo, type ProcessInfo } from './runtime-maps.ts';
import { runtimeSocket, type RuntimeSocket } from './runtime-socket.ts';

const READY_MS = 15_000;

export type BroughtUp = 'kept' | 'started' | 'reloaded';

/**
 * Map files must be written before. Resolves when the process that answers on the socket runs these files.
 * @throws SdpError edge_failed (with HAProxy's words), missing_base_image, name_blocked, engine_failed
 */
export async function bringUp(edge: EdgeContainer, socket: RuntimeSocket, files: EdgeFiles): Promise<BroughtUp> {
  const { paths } = edge.order;
  const found = await findContainer(edge);
  const running = found?.state === 'running' ? await processInfo(socket).catch(() => undefined) : undefined;
  const stale = running !== undefined && running.description !== files.description;
  if (running?.description !== files.description) await writeSideFiles(paths, files);
  if (found !== undefined && stale) await accept(edge, found.id, files);
  if (running === undefined) return startWith(edge, socket, files);
  const { id, started } = await ensureContainer(edge);
  if (!started && stale) await reload(edge);
  await ready(edge, id, socket, files.description);
  if (stale || started) await dropOtherSideFiles(paths, files);
  if (started) return 'started';
  return stale ? 'reloaded' : 'kept';
}

/** Nothing answers. Where HAProxy does not start with what is wanted, it gets back what it had, and serves with that. */
async function startWith(edge: EdgeContainer, socket: RuntimeSocket, files: EdgeFiles): Promise<BroughtUp> {
  const { paths, docker } = { ...edge.order, ...edge };
  const former = await readConfig(paths);
  await writeConfig(paths, files.config);
  try {
    const { id, started } = await ensureContainer(edge);
    const info = started ? undefined : await answering(edge, id, socket);
    if (info !== undefined && info.description !== files.description) {
      // The engine had brought it back with what it had: that goes on until the new is checked.
      if (former !== undefined) await writeConfig(paths, former);
      return await bringUp(edge, socket, files);
    }
    // It runs and has not answered for a long time: stuck, or its socket is gone.
    if (!started && info === undefined && (await isRunning(edge, id))) await docker.getContainer(id).restart({ t: 0 });
    await ready(edge, id, socket, files.description);
    await dropOtherSideFiles(paths, files);
    return 'started';
  } catch (error) {
    if (former !== undefined && former !== files.config && (await readConfig(paths)) === files.config) {
      await writeConfig(paths, former);
      await ensureContainer(edge).catch(() => undefined);
    }
    throw error;
  }
}

/** The process that answers, whatever it runs; undefined when none does in time. */
async function answering(edge: EdgeContainer, id: string, socket: RuntimeSocket): Promise<ProcessInfo | undefined> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await sleep(25)) {
    const info = await processInfo(socket).catch(() => undefined);
    if (info !== undefined || !(await isRunning(edge, id))) return info;
  }
  return undefined;
}

async function isRunning(edge: EdgeContainer, id: string): Promise<boolean> {
  const { State } = await edge.docker.getContainer(id).inspect();
  return State.Running && !State.Restarting;
}

/** A configuration that HAProxy's own check does not accept changes nothing. */
async function accept(edge: EdgeContainer, id: string, files: EdgeFiles): Promise<void> {
  const { paths } = edge.order;
  await writeCandidate(paths, files.config);
  const check = await checkConfiguration(edge.docker, id, CANDIDATE_INSIDE);
  if (check.result !== 'accepted') {
    await dropCandidate(paths);
    if (check.result === 'refused') throw new SdpError('edge_failed', `HAProxy refuses the new configuration; the former stays: ${check.why}`);
    throw new SdpError('edge_failed', `HAProxy could not be asked about the new configuration; the former stays, and it is tried again: ${check.why}`, {
      hint: `Try it by hand: docker exec ${id.slice(0, 12)} haproxy -vv.`,
    });
  }
  await acceptCandidate(paths);
}

/**
 * Not by a signal through the engine: Docker takes any `kill` for a manual stop, and `unless-stopped` then no longer
 * brings the container back. The answer is cut off by the reload itself; what counts is who answers next.
 */
async function reload(edge: EdgeContainer): Promise<void> {
  await runtimeSocket(edge.order.paths.masterSocket).ask('reload').catch(() => undefined);
}

async function ready(edge: EdgeContainer, id: string, socket: RuntimeSocket, description: string): Promise<ProcessInfo> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const info = await processInfo(socket).catch(() => undefined);
    if (info?.description === description) return info;
    const ended = !(await isRunning(edge, id));
    if (ended || Date.now() > deadline) {
      const alerts = await lastAlerts(edge.docker, id);
      throw new SdpError('edge_failed', `The edge ${ended ? 'ends again at once' : 'is not ready in time'}: ${alerts || 'it says nothing'}`, {
        hint: `See docker logs ${id.slice(0, 12)}.`,
      });
    }
    await sleep(25);
  }
}
