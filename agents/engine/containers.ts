/** Stopping, starting and removing one container of ours. "Already so" is success. */
import { SdpError } from '#schema/errors';
import { aborted, pause } from './abort.ts';
import { nameOf, type ContainerDetail, type EngineContext } from './context.ts';
import { drain as drainConnections } from './drain.ts';
import { engineFailed, statusOf } from './engine-api.ts';
import { inspect } from './observe.ts';
import { isOldName, isOurContainer, replacedAtOf } from './ownership.ts';

export interface RemainingDrain {
  port: number;
  seconds: number;
}

/** Seconds between SIGTERM and SIGKILL for a container that is kept, and for one that goes. */
const STOP_SECONDS = 10;
const REMOVE_SECONDS = 3;

export async function stopContainer(context: EngineContext, id: string): Promise<void> {
  try {
    if (!(await ours(context, id))) return;
    await stop(context, id, STOP_SECONDS);
  } catch (error) {
    throw engineFailed(`Container ${id.slice(0, 12)} cannot be stopped`, error);
  }
}

/** A stopped container is started. @throws SdpError not_found when it is gone. */
export async function restartContainer(context: EngineContext, id: string): Promise<void> {
  try {
    if (!(await ours(context, id))) {
      throw new SdpError('not_found', `Container ${id.slice(0, 12)} is not there any more.`);
    }
    await context.api.json({
      method: 'POST',
      path: `/containers/${id}/restart`,
      query: { t: STOP_SECONDS },
      timeoutMs: (STOP_SECONDS + 30) * 1_000,
    });
  } catch (error) {
    throw engineFailed(`Container ${id.slice(0, 12)} cannot be restarted`, error);
  }
}

/**
 * Ends it in order, then removes it, by force if need be. Gone already is success.
 * @param drain one that was replaced first finishes its connections, for what is left of so many seconds since then
 * @throws SdpError cancelled: it is left as it is
 */
export async function removeContainer(context: EngineContext, id: string, drain?: RemainingDrain, signal?: AbortSignal): Promise<void> {
  try {
    const detail = await ours(context, id);
    if (!detail) return;
    if (detail.State.Status === 'running') {
      if (drain !== undefined && isOldName(nameOf(detail))) {
        const since = replacedAtOf(nameOf(detail)) ?? context.replacedAt.get(id) ?? Date.now();
        context.replacedAt.set(id, since);
        const left = Math.max(0, drain.seconds - (Date.now() - since) / 1_000);
        await drainConnections(detail.State.Pid, drain.port, left, signal ?? new AbortController().signal);
      }
      // One that cannot be stopped is removed by force below.
      await stop(context, id, REMOVE_SECONDS).catch(() => undefined);
    }
    await discard(context, id);
    context.replacedAt.delete(id);
  } catch (error) {
    if (signal?.aborted === true) throw aborted(signal);
    throw engineFailed(`Container ${id.slice(0, 12)} cannot be removed`, error);
  }
}

/** Removes by force and waits until it is gone; a removal under way counts as progress. @throws EngineError */
export async function discard(context: EngineContext, id: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await context.api.json({
        method: 'DELETE',
        path: `/containers/${id}`,
        query: { force: true, v: true },
        also: [404],
      });
      return;
    } catch (error) {
      // 409: somebody's removal is under way.
      if (statusOf(error) !== 409 && attempt >= 5) throw error;
    }
    if (!(await inspect(context, id))) return;
    if (attempt >= 20) {
      throw new SdpError('engine_failed', `Container ${id.slice(0, 12)} is still there after ${attempt} removals.`, {
        hint: 'A process that cannot be killed may hold it; it does not block its replacement.',
      });
    }
    await pause(100 * Math.min(attempt, 10));
  }
}

export async function stop(context: EngineContext, id: string, seconds: number): Promise<void> {
  await context.api.json({
    method: 'POST',
    path: `/containers/${id}/stop`,
    query: { t: seconds },
    also: [304, 404],
    timeoutMs: (seconds + 20) * 1_000,
  });
}

/** Undefined when gone. @throws SdpError name_blocked when somebody else made it. */
async function ours(context: EngineContext, id: string): Promise<ContainerDetail | undefined> {
  const detail = await inspect(context, id);
  if (detail && !isOurContainer(context.owner, detail.Config.Labels)) {
    throw new SdpError('name_blocked', `Container ${detail.Name.slice(1)} was not made by this agent and is not touched.`);
  }
  return detail;
}
