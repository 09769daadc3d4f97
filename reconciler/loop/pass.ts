/** One pass over one sandbox: read, compare, plan, dispatch, write status. */
import type { StoredDocument } from '#schema/documents';
import { isTerminal } from '#schema/states';
import type { Outcome } from '../contract.ts';
import { serves } from '../deployments/rollouts.ts';
import { releasablePorts } from '../plan/claims.ts';
import { engineRoutes, inForce } from '../routes/edge-routes.ts';
import { nextFaultEnd } from '../routes/faults.ts';
import { statusOf } from '../status/status.ts';
import { claimAll } from './claim.ts';
import { allAttempts, type LoopContext } from './context.ts';
import { dispatchSteps } from './dispatch-steps.ts';
import { flightsOf } from './flights-of.ts';
import { forgetSettled, keepDeployments, noteDepartures, startMs } from './keep-books.ts';
import { readInputs } from './read-inputs.ts';
import { removeLeftovers, removeSandbox } from './remove-sandbox.ts';
import { cancelReason } from './superseded.ts';
import { situationOf, surveyOf, type Survey } from './survey.ts';
import { earliestWait } from './wait.ts';

/** How often a container that is not healthy yet is looked at without a report. */
const HEALTH_LOOK_MS = 5_000;
/** How often a full pool is looked at: others give back without telling. */
const POOL_LOOK_MS = 30_000;

export async function pass(loop: LoopContext, uid: string): Promise<Outcome> {
  const { store } = loop;
  const find = async (): Promise<StoredDocument<'Sandbox'> | undefined> => {
    const document = await store.getByUid(uid);
    return document?.kind === 'Sandbox' ? document : undefined;
  };
  const inputs = await readInputs(store, store, find);
  if (!inputs) return removeLeftovers(loop, uid);
  loop.noteRead(uid, inputs.read);
  if (inputs.sandbox.metadata.deletedAt !== undefined) return removeSandbox(loop, inputs);

  const now = loop.clock.now();
  const situation = situationOf(inputs, loop.fleet.nodes(), { ...loop, now });
  const claimed = await claimAll(loop, situation);
  const survey = surveyOf(
    { ...situation, inputs: claimed.inputs },
    {
      defaults: loop.defaults,
      attempts: allAttempts(claimed.inputs.attempts, loop.soft.of(uid)),
      logins: loop.logins.keysFor(situation.desired, claimed.inputs.deployments),
      unclaimed: claimed.unclaimed,
    },
  );
  const dispatch = (steps: Survey['steps'], deployments = survey.inputs.deployments): Promise<void> =>
    dispatchSteps(loop, {
      uid,
      steps,
      attempts: survey.inputs.attempts,
      deployments,
      services: survey.desired.services,
    });

  // A flip waits for nothing else.
  await dispatch(survey.steps.filter((step) => step.action === 'route'));
  for (const flight of loop.dispatcher.of(uid).values()) {
    const reason = cancelReason(flight.step, survey.desired, survey.diff, survey.inputs.attempts);
    if (reason !== undefined) loop.dispatcher.cancel(flight, reason);
  }
  const deployments = await keepDeployments(loop, survey);
  await dispatch(survey.steps, deployments);
  await noteDepartures(loop, survey);
  await forgetSettled(loop, survey);
  const waits = survey.diff.fetch.filter((entry) => entry.needsLogin);
  loop.logins.await(
    uid,
    waits.map((entry) => ({ user: entry.askedBy, fetchKey: entry.key })),
  );

  const status = statusOf({
    ...survey,
    deployments,
    ...flightsOf(loop, uid),
    startMs: startMs(loop.defaults),
    problems: claimed.problems,
    previous: survey.inputs.sandbox.status,
    ...(loop.defaults.expiry === undefined ? {} : { expiry: loop.defaults.expiry }),
    now,
  });
  const { name, slug } = survey.inputs.sandbox.metadata;
  if (await store.writeStatus(uid, status)) loop.announcer.status(name, slug, status);
  await settlePersonalPorts(loop, survey);
  const released = await releasePorts(loop, survey);
  if (released || saysOtherwise(survey, deployments)) return { kind: 'requeue', afterMs: 0 };
  const watching =
    survey.diff.keep.some((entry) => entry.holder && !serves(entry.holder)) &&
    deployments.some((item) => !isTerminal(item.state));
  const look = watching ? HEALTH_LOOK_MS : claimed.problems.length > 0 ? POOL_LOOK_MS : undefined;
  const faultEnds = nextFaultEnd(survey.inputs, now);
  return earliestWait(survey.inputs.attempts, now, ...[look, faultEnds].filter((ms) => ms !== undefined));
}

/** Once somebody's port leads here in fact, the sandbox that it led to before gives it up: no request meets neither. */
async function settlePersonalPorts(loop: LoopContext, { desired, inputs, routes }: Survey): Promise<void> {
  const { uid } = desired.ref;
  for (const { user, engine, sandboxUid, formerUid } of inputs.personal) {
    if (sandboxUid !== uid || formerUid === undefined) continue;
    // A report from before a command that is on its way says nothing of what comes after it.
    if (loop.dispatcher.of(uid).has(`@routes/${engine}`)) continue;
    if (!routes.some((item) => item.engine === engine && inForce(item, uid))) continue;
    await loop.store.settlePersonalPort(user, uid);
    loop.enqueue(formerUid);
  }
}

/** What became of a deployment in this pass changes what edges say of a container that is not there. */
function saysOtherwise(survey: Survey, deployments: Survey['inputs']['deployments']): boolean {
  if (deployments === survey.inputs.deployments) return false;
  const routes = engineRoutes({ ...survey, inputs: { ...survey.inputs, deployments } });
  return routes.some((item, index) => item.hash !== survey.routes[index]?.hash);
}

/** Gives back the ports that nothing needs. Answers whether there were any. */
async function releasePorts(loop: LoopContext, survey: Survey): Promise<boolean> {
  const { desired, placements, world, inputs } = survey;
  const busy = loop.dispatcher.of(desired.ref.uid);
  const ports = releasablePorts(desired, placements, world, inputs.ports).filter((port) => !busy.has(port.service));
  for (const port of ports) await loop.store.releasePort(port.engine, port.port);
  return ports.length > 0;
}
