/** What became of a sandbox by itself, noticed between one status and the next. */
import type { Transition } from '#schema/records';
import type { Condition, SandboxStatus, ServiceStatus } from '#schema/status';
import { fromColumns, toColumns, type Fields } from '../columns.ts';
import { next } from '../counters.ts';
import type { Db, Tx } from '../tables.ts';

const FIELDS: Fields<Transition> = {
  seq: 0,
  sandboxUid: 0,
  at: 0,
  kind: 0,
  service: 0,
  status: 0,
  reason: 0,
  message: 0,
  generation: 0,
  observedVersion: 0,
};
/** Kept of each sandbox. */
const KEPT = 1000;
/** Answered when no limit is given. */
const PAGE = 500;

type Seen = Pick<Transition, 'kind' | 'service' | 'status' | 'reason' | 'message' | 'observedVersion'>;

/** Keeps what changed, in the transaction of the status. @param at ISO 8601 */
export async function noteTransitions(
  tx: Tx,
  sandboxUid: string,
  statuses: { before: SandboxStatus | undefined; after: SandboxStatus },
  at: string,
): Promise<void> {
  const seen = transitionsBetween(statuses.before, statuses.after);
  if (seen.length === 0) return;
  const generation = statuses.after.observedGeneration;
  let seq = 0;
  for (const change of seen) {
    seq = await next(tx, 'transition');
    await tx
      .insertInto('transitions')
      .values(toColumns<Transition>({ ...change, seq, sandboxUid, at, generation }, FIELDS))
      .execute();
  }
  const oldest = tx.selectFrom('transitions').select('seq').where('sandboxUid', '=', sandboxUid).orderBy('seq', 'desc').offset(KEPT).limit(1);
  await tx.deleteFrom('transitions').where('sandboxUid', '=', sandboxUid).where('seq', '<=', oldest).execute();
}

/** Newest first. */
export async function transitionsOf(db: Db, sandboxUid: string, filter: { until?: string; limit?: number }): Promise<Transition[]> {
  let query = db.selectFrom('transitions').selectAll().where('sandboxUid', '=', sandboxUid);
  if (filter.until !== undefined) query = query.where('at', '<', filter.until);
  const rows = await query.orderBy('seq', 'desc').limit(filter.limit ?? PAGE).execute();
  return rows.map((row) => fromColumns<Transition>(row, FIELDS));
}

/** What is worth remembering of the way from one status to the next. Pure. */
export function transitionsBetween(before: SandboxStatus | undefined, after: SandboxStatus): Seen[] {
  const observedVersion = after.observedResourceVersion;
  const services = everyService(after).flatMap(([service, now]) => {
    const former = everyService(before).find(([name]) => name === service)?.[1];
    return former === undefined ? [] : ofService(service, former, now).map((seen) => ({ ...seen, observedVersion }));
  });
  return [...services, ...ofReady(before, after)];
}

const readyOf = (status: SandboxStatus | undefined): Condition | undefined =>
  status?.conditions.find((condition) => condition.type === 'Ready');

function ofReady(before: SandboxStatus | undefined, after: SandboxStatus): Seen[] {
  const was = readyOf(before);
  const is = readyOf(after);
  if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return [];
  const ended = was?.status === 'True' && is.status !== 'True';
  const observedVersion = (ended ? before : after)?.observedResourceVersion ?? 0;
  return [{ kind: 'ready', status: is.status, reason: is.reason, message: is.message, observedVersion }];
}

function everyService(status: SandboxStatus | undefined): [string, ServiceStatus][] {
  if (status === undefined) return [];
  return [...(status.gateway === undefined ? [] : ([['gateway', status.gateway]] as [string, ServiceStatus][])), ...Object.entries(status.services)];
}

/** One and the same version counts: a container that is replaced has its deployment to tell of it. */
function ofService(service: string, was: ServiceStatus, is: ServiceStatus): Omit<Seen, 'observedVersion'>[] {
  if (was.container !== is.container && is.container !== undefined) return [];
  if (was.deployment !== is.deployment || was.commit !== (is.commit ?? was.commit)) return [];
  const state = is.state ?? '';
  const message = is.message ?? '';
  if ((is.restarts ?? 0) > (was.restarts ?? 0)) {
    const times = is.restarts ?? 0;
    return [{ kind: 'restarted', service, status: state, reason: 'EngineRestarted', message: `its container ended and was restarted, ${times === 1 ? 'once' : `${times} times`} so far. ${message}`.trim() }];
  }
  const lost = was.state === 'RUNNING' && (is.state === 'FAILED' || is.container === undefined);
  return lost ? [{ kind: 'lost', service, status: state, reason: 'ContainerLost', message: message === '' ? 'its container does not run any more' : message }] : [];
}
