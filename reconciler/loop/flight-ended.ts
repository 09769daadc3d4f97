/** What the end of a command calls for: a resolution, a forgotten or a counted failure. */
import { SdpError } from '#schema/errors';
import type { CommandResultOf } from '#schema/wire/commands';
import { ATTEMPT_LIMIT } from '../diff/attempts.ts';
import type { Flight, FlightEnd } from '../dispatch/dispatcher.ts';
import type { LoopContext } from './context.ts';
import { failureOf } from './failures.ts';

export async function flightEnded(loop: LoopContext, flight: Flight, end: FlightEnd): Promise<void> {
  if (end.ok) await succeeded(loop, flight, end.value);
  else await failed(loop, flight, end.error);
}

async function succeeded(
  loop: LoopContext,
  flight: Flight,
  value: CommandResultOf[keyof CommandResultOf],
): Promise<void> {
  const { uid, step, command } = flight;
  loop.soft.clear(uid, step.key);
  if (command.type === 'fetch') {
    const fetched = value as CommandResultOf['fetch'];
    if (command.branch !== undefined) await resolved(loop, flight, fetched);
    else await arrivedCommit(loop, flight);
  }
  await loop.store.clearAttempts(uid, step.key, step.kind);
}

async function resolved(loop: LoopContext, flight: Flight, fetched: CommandResultOf['fetch']): Promise<void> {
  const { command, step, uid } = flight;
  if (command.type !== 'fetch') return;
  await loop.store.addResolution({
    sandboxUid: uid,
    generation: command.generation,
    service: command.service,
    repository: command.repository,
    branch: command.branch ?? '',
    commit: fetched.commit,
    subject: fetched.subject,
    author: fetched.author,
    authoredAt: fetched.authoredAt,
    resolvedAt: new Date(loop.clock.now()).toISOString(),
    resolvedBy: step.askedBy ?? '',
  });
  await loop.book.learn(flight.deploymentId, { commit: fetched.commit });
}

/** The commit is on the node now: the build that missed it may go on, though not for ever. */
async function arrivedCommit(loop: LoopContext, { uid, step }: Flight): Promise<void> {
  const attempts = await loop.store.attempts(uid);
  const missed = attempts.find(
    (item) => item.service === step.key && item.step === 'build' && item.code === 'missing_commit',
  );
  if (missed)
    await loop.store.putAttempt({ ...missed, code: 'fetched', nextAt: new Date(loop.clock.now()).toISOString() });
}

async function failed(loop: LoopContext, flight: Flight, error: SdpError): Promise<void> {
  const { uid, step, command } = flight;
  if (flight.cancelled || step.action === 'restart') return;
  if (command.type === 'fetch' && error.code === 'git_auth') {
    loop.logins.refuse(step.askedBy ?? '', step.subject, command.credentials);
    loop.announcer.log(
      flight.deploymentId,
      'FETCH',
      `${error.message} ${step.askedBy ?? 'Somebody'} has to log in again.`,
    );
    return;
  }
  const lasting = await loop.store.attempts(uid);
  const soft = loop.soft.of(uid);
  const same = (item: { service: string; step: string; input: string }): boolean =>
    item.service === step.key && item.step === step.kind && item.input === step.input;
  const counted = lasting.find(same)?.count ?? 0;
  const now = loop.clock.now();
  const input = { uid, step, error, now, random: loop.random() };
  let failure = failureOf({ ...input, former: counted });
  if (!failure.lasting) {
    failure = failureOf({ ...input, former: soft.find(same)?.count ?? 0 });
    loop.soft.put(failure.attempt);
    return;
  }
  await loop.store.putAttempt(failure.attempt);
  const { attempt } = failure;
  const next =
    attempt.nextAt === undefined ? 'It is not tried again by itself.' : `It is tried again at ${attempt.nextAt}.`;
  const phase = step.kind === 'fetch' ? 'FETCH' : 'DEPLOY';
  if (step.service !== undefined) {
    loop.announcer.log(
      flight.deploymentId,
      phase,
      `${step.action} failed (${attempt.count} of ${ATTEMPT_LIMIT}): ${attempt.message} ${next}`,
    );
  }
}
