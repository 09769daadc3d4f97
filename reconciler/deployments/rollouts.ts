/** Which deployments a pass has to open, learn of, end: pure, from the diff and the records. */
import type { Deployment } from '#schema/records';
import { isTerminal } from '#schema/states';
import type { ErrorBody, ErrorCode } from '#schema/errors';
import { ERRORS } from '#schema/errors';
import type { ObservedContainer } from '#schema/wire/report';
import type { Attempt } from '#specs/store';
import { trialKey, type Diff, type Entry, type FetchEntry } from '../diff/diff.ts';
import { trialOf } from '../diff/attempts.ts';
import type { Desired } from '../model.ts';

export interface Rollouts {
  open: Omit<Deployment, 'id' | 'startedAt'>[];
  learn: { id: string; facts: { hash?: string; commit?: string; node?: string } }[];
  complete: string[];
  fail: { id: string; error: ErrorBody }[];
  stop: { id: string; reason: 'Superseded' | 'Cancelled'; message: string }[];
}

export interface RolloutInput {
  desired: Desired;
  diff: Diff;
  attempts: readonly Attempt[];
  /** Newest first. */
  deployments: readonly Deployment[];
  /** Keys of services with a command in flight. */
  busy: ReadonlySet<string>;
  /** Milliseconds after its start in which a container has to become healthy. */
  startMs: number;
  now: number;
}

export function rolloutsOf(input: RolloutInput): Rollouts {
  const result: Rollouts = { open: [], learn: [], complete: [], fail: [], stop: [] };
  const { desired, diff } = input;
  const open = input.deployments.filter((deployment) => !isTerminal(deployment.state));
  const handled = new Set<string>();
  const of = (service: string): Deployment[] => open.filter((item) => item.service === service);
  for (const entry of diff.fetch) {
    handled.add(entry.want.service);
    rollOut(result, input, entry, of(entry.want.service), entry);
  }
  for (const entry of [...diff.create, ...diff.replace, ...diff.start]) {
    if (handled.has(entry.want.service)) continue;
    handled.add(entry.want.service);
    rollOut(result, input, entry, of(entry.want.service), undefined);
  }
  const rests = (entry: Entry): boolean => desired.suspended || entry.want.run === 'stopped';
  for (const entry of diff.keep) {
    if (handled.has(entry.want.service) || rests(entry)) continue;
    handled.add(entry.want.service);
    arrive(result, input, entry, of(entry.want.service));
  }
  for (const { want } of diff.blocked) if (want) handled.add(want.service);
  if (!desired.suspended) {
    for (const { want } of diff.unknown) if (want.run !== 'stopped') handled.add(want.service);
  }
  for (const deployment of open) {
    if (!handled.has(deployment.service)) {
      result.stop.push({ id: deployment.id, reason: 'Cancelled', message: 'The service is not to run any more.' });
    }
  }
  return result;
}

function rollOut(
  result: Rollouts,
  input: RolloutInput,
  entry: Entry,
  open: readonly Deployment[],
  fetch: FetchEntry | undefined,
): void {
  const current = open.find((deployment) => matches(deployment, entry, fetch));
  for (const deployment of open) {
    if (deployment !== current) {
      result.stop.push({ id: deployment.id, reason: 'Superseded', message: 'Something newer was asked for.' });
    }
  }
  const gaveUp = lastFailure(input, entry, fetch);
  const facts = {
    ...(entry.target && !(fetch && 'branch' in fetch.fetch)
      ? { hash: entry.target.hash, commit: entry.target.commit }
      : {}),
    node: entry.node.name,
  };
  if (gaveUp) {
    if (current && gaveUp.code === 'cancelled') result.stop.push({ id: current.id, reason: 'Cancelled', message: gaveUp.message });
    else if (current) result.fail.push({ id: current.id, error: gaveUp });
    return;
  }
  if (current) {
    result.learn.push({ id: current.id, facts });
    return;
  }
  if (entry.healing || input.diff.start.includes(entry)) return;
  const { want } = entry;
  const { desired } = input;
  result.open.push({
    sandboxUid: desired.ref.uid,
    sandbox: desired.ref.slug,
    service: want.service,
    repository: want.repository,
    branch: want.source.branch,
    user: fetch?.askedBy ?? desired.changedBy,
    generation: desired.generation,
    state: 'QUEUED',
    ...facts,
  });
}

function matches(deployment: Deployment, entry: Entry, fetch: FetchEntry | undefined): boolean {
  const { want, target } = entry;
  const same = deployment.repository === want.repository && deployment.branch === want.source.branch;
  if (want.source.kind === 'fetch' && fetch) {
    return same && deployment.hash === undefined && deployment.generation >= want.source.since;
  }
  if (deployment.hash !== undefined) return deployment.hash === target?.hash;
  return same;
}

/** The error of the step that gave up, when the service cannot go on without somebody's change. */
function lastFailure(input: RolloutInput, entry: Entry, fetch: FetchEntry | undefined): ErrorBody | undefined {
  const { want, target } = entry;
  const { generation } = input.desired;
  const keys = fetch
    ? [trialKey(want.service, 'fetch', fetch.key, generation)]
    : [
        ...(target && entry.needsBuild ? [trialKey(want.service, 'build', target.image, generation)] : []),
        ...(target ? [trialKey(want.service, 'run', target.hash, generation)] : []),
        ...(entry.holder ? [trialKey(want.service, 'start', entry.holder.id, generation)] : []),
      ];
  for (const key of keys) {
    const trial = trialOf(input.attempts, key, input.now);
    if (trial.kind === 'gaveUp') return { code: codeOf(trial.attempt.code), message: trial.attempt.message };
  }
  return undefined;
}

function codeOf(code: string): ErrorCode {
  return code in ERRORS ? (code as ErrorCode) : 'internal';
}

/** The wanted container is there: the deployment ends when a report shows it healthy, or too late. */
function arrive(result: Rollouts, input: RolloutInput, entry: Entry, open: readonly Deployment[]): void {
  const { holder, target } = entry;
  for (const deployment of open) {
    if (deployment.hash !== undefined && deployment.hash !== target?.hash) {
      result.stop.push({ id: deployment.id, reason: 'Superseded', message: 'Something newer was asked for.' });
    } else if (holder && serves(holder)) {
      if (target)
        result.learn.push({
          id: deployment.id,
          facts: { hash: target.hash, commit: target.commit, node: entry.node.name },
        });
      result.complete.push(deployment.id);
    } else if (!input.busy.has(entry.want.service) && input.now - aliveSince(holder, deployment) > input.startMs) {
      const output = holder?.lastOutput ? ` Its last output: ${holder.lastOutput}` : '';
      result.fail.push({
        id: deployment.id,
        error: {
          code: 'health_check_failed',
          message: `${entry.want.service} did not become healthy in time.${output}`,
        },
      });
    }
  }
}

/** A container that the engine restarts over and over gets no new time with each start. */
function aliveSince(holder: ObservedContainer | undefined, deployment: Deployment): number {
  const steady = holder?.state === 'running' && (holder.restarts ?? 0) === 0;
  return Date.parse((steady ? holder.startedAt : undefined) ?? deployment.startedAt);
}

/** A report shows it running and not failing its health check. */
export function serves(container: { state: string; health?: string }): boolean {
  return container.state === 'running' && container.health !== 'starting' && container.health !== 'unhealthy';
}
