/** Deployment records and rows that follow from a survey. */
import { randomUUID } from 'node:crypto';
import { slugOf } from '#schema/names';
import type { Deployment } from '#schema/records';
import { isResolution, requestOf, requestRow } from '../deploy-request.ts';
import { rolloutsOf } from '../deployments/rollouts.ts';
import type { Defaults } from '../contract.ts';
import type { LoopContext } from './context.ts';
import type { Survey } from './survey.ts';

/** Milliseconds after its start in which a container has to become healthy. */
export const startMs = ({ startSeconds, drainSeconds }: Defaults): number => (startSeconds + drainSeconds + 30) * 1000;

/** Opens, advances and ends deployments. Answers them as they are then, newest first. */
export async function keepDeployments(loop: LoopContext, survey: Survey): Promise<readonly Deployment[]> {
  const { desired, diff, inputs } = survey;
  const { uid } = desired.ref;
  const now = loop.clock.now();
  const busy = new Set(loop.dispatcher.of(uid).keys());
  const rollouts = rolloutsOf({
    desired,
    diff,
    attempts: inputs.attempts,
    deployments: inputs.deployments,
    busy,
    startMs: startMs(loop.defaults),
    now,
  });
  for (const { id, reason, message } of rollouts.stop) await loop.book.stop(id, reason, message);
  for (const { id, facts } of rollouts.learn) await loop.book.learn(id, facts);
  for (const id of rollouts.complete) await loop.book.complete(id);
  for (const { id, error } of rollouts.fail) await loop.book.fail(id, error);
  for (const deployment of rollouts.open) {
    await loop.book.open({ ...deployment, id: randomUUID(), startedAt: new Date(now).toISOString() });
  }
  const changes =
    rollouts.stop.length +
    rollouts.complete.length +
    rollouts.fail.length +
    rollouts.open.length +
    rollouts.learn.length;
  return changes === 0 ? inputs.deployments : loop.store.deployments({ sandboxUid: uid, limit: 100 });
}

/** A service that left the sandbox is resolved anew when it is added again: that is noted as a request by nobody. */
export async function noteDepartures(loop: LoopContext, { desired, inputs }: Survey): Promise<void> {
  const here = new Set(desired.services.map((want) => want.service));
  const newest = new Map<string, number>();
  for (const row of inputs.resolutions) {
    if (isResolution(row))
      newest.set(slugOf(row.service), Math.max(row.generation, newest.get(slugOf(row.service)) ?? 0));
  }
  for (const [service, generation] of newest) {
    if (here.has(service) || generation >= desired.generation) continue;
    if ((requestOf(inputs.resolutions, service)?.generation ?? 0) > generation) continue;
    await loop.store.addResolution({
      ...requestRow(service),
      sandboxUid: desired.ref.uid,
      generation: desired.generation,
      resolvedAt: new Date(loop.clock.now()).toISOString(),
      resolvedBy: '',
    });
  }
}

/** A service that runs as wanted has no failures; what it held elsewhere is given back. */
export async function forgetSettled(loop: LoopContext, { desired, diff, inputs }: Survey): Promise<void> {
  const kept = new Set(diff.keep.map((entry) => entry.want.service));
  const counted = new Set(inputs.attempts.map((attempt) => attempt.service));
  for (const service of kept) {
    if (!counted.has(service) || diff.remove.some((item) => item.kind === 'container' && item.service === service))
      continue;
    loop.soft.clear(desired.ref.uid, service);
    await loop.store.clearAttempts(desired.ref.uid, service);
  }
}
