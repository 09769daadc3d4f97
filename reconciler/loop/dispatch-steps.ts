/** Sends the steps of a plan that are due. Nothing here waits for an agent. */
import { SdpError } from '#schema/errors';
import { entryBytes, MAX_VARIABLES_BYTES } from '#schema/limits';
import type { Deployment } from '#schema/records';
import type { Attempt } from '#specs/store';
import { totalTooLarge } from '../desired/variables.ts';
import { trialOf } from '../diff/attempts.ts';
import type { Step, WantedService } from '../model.ts';
import { toCommand } from '../dispatch/to-command.ts';
import type { LoopContext } from './context.ts';
import { failureOf } from './failures.ts';

export interface DispatchInput {
  uid: string;
  steps: readonly Step[];
  attempts: readonly Attempt[];
  /** Newest first. */
  deployments: readonly Deployment[];
  services: readonly WantedService[];
}

export async function dispatchSteps(loop: LoopContext, input: DispatchInput): Promise<void> {
  const taken = new Set(loop.dispatcher.of(input.uid).keys());
  for (const step of input.steps) {
    if (!step.order || step.node === undefined || step.waits !== undefined || taken.has(step.key)) continue;
    taken.add(step.key);
    await sendStep(loop, input, step);
  }
}

async function sendStep(loop: LoopContext, input: DispatchInput, step: Step): Promise<void> {
  const { uid } = input;
  const { order, node } = step;
  if (!order || node === undefined) return;
  const now = loop.clock.now();
  const trial = trialOf(input.attempts, step, now);
  const attempt = trial.kind === 'free' ? trial.count + 1 : trial.attempt.count + 1;
  const deployment = input.deployments.find((item) => item.service === step.service);
  const deploymentId = deployment?.id ?? `none-${uid}`;
  try {
    const credentials = order.type === 'fetch' ? loop.logins.usable(step.askedBy ?? '', step.subject) : undefined;
    const secrets = order.type === 'run' ? await readSecrets(loop, input.services, order.service) : undefined;
    const command = toCommand(order, {
      epoch: loop.epoch,
      attempt,
      deploymentId,
      now,
      ...(credentials ? { credentials } : {}),
      ...(secrets ? { secrets } : {}),
    });
    loop.dispatcher.send({ uid, step, command, node, deploymentId, cancelled: false });
  } catch (thrown) {
    const error = SdpError.from(thrown);
    const failure = failureOf({ uid, step, error, former: attempt - 1, now, random: loop.random() });
    if (failure.lasting) await loop.store.putAttempt(failure.attempt);
    else loop.soft.put(failure.attempt);
  }
}

/** Plain values of a service's secrets, read only now. */
async function readSecrets(
  loop: LoopContext,
  services: readonly WantedService[],
  service: string,
): Promise<Record<string, string>> {
  const variables = services.find((want) => want.service === service)?.variables ?? {};
  const values = new Map<string, Record<string, string>>();
  const result: Record<string, string> = {};
  for (const [name, source] of Object.entries(variables)) {
    if (source.kind === 'plain') continue;
    const known = values.get(source.environmentUid) ?? (await loop.store.readSecrets(source.environmentUid));
    values.set(source.environmentUid, known);
    const value = known[source.name];
    if (value === undefined) {
      throw new SdpError('internal', `The secret ${source.name} that ${service} needs has no stored value.`, {
        hint: 'Set it again in its environment.',
      });
    }
    result[name] = value;
  }
  const open = Object.entries(variables).flatMap(([name, source]): [string, string][] => (source.kind === 'plain' ? [[name, source.value]] : []));
  const total = [...open, ...Object.entries(result)].reduce((sum, [name, value]) => sum + entryBytes(name, value), 0);
  if (total > MAX_VARIABLES_BYTES) throw new SdpError('value_too_large', totalTooLarge(service, total));
  return result;
}
