/** What people ask of a rollout: to end it, or to try again what was given up. */
import type { StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { CancelView, RetryView } from '#schema/http';
import { containerName, slugOf } from '#schema/names';
import { isTerminal } from '#schema/states';
import { cancellation, CANCEL_STEP, ROLLOUT_STEPS } from '../diff/attempts.ts';
import { isUp } from '../diff/diff.ts';
import { ownContainers, worldOf } from '../observed/world.ts';
import type { LoopContext } from './context.ts';
import { noSandbox } from './no-sandbox.ts';

async function sandboxOf(loop: LoopContext, slug: string): Promise<StoredDocument<'Sandbox'>> {
  const sandbox = await loop.store.get('Sandbox', slug);
  if (!sandbox) throw noSandbox(slug);
  return sandbox;
}

/**
 * Ends the deployments that are under way, of one service or of all. What runs goes on running.
 * @throws SdpError not_found, conflict when nothing is under way
 */
export async function cancelRollouts(loop: LoopContext, slug: string, service: string | undefined, user: string): Promise<CancelView> {
  const sandbox = await sandboxOf(loop, slug);
  const { uid, name, generation } = sandbox.metadata;
  const wanted = service === undefined ? undefined : slugOf(service);
  const open = (await loop.store.deployments({ sandboxUid: uid, open: true })).filter(
    (deployment) => !isTerminal(deployment.state) && (wanted === undefined || deployment.service === wanted),
  );
  if (open.length === 0) {
    throw new SdpError('conflict', `${service === undefined ? 'No service' : service} of sandbox ${name} is being deployed${service === undefined ? '' : ' now'}.`, {
      hint: `See \`sdp describe sandbox ${name}\`.`,
    });
  }
  const message = `Cancelled by ${user}.`;
  const ref = { uid, slug: sandbox.metadata.slug, name };
  const own = ownContainers(worldOf(loop.fleet.nodes(), await loop.store.nodes(), ref).nodes);
  for (const deployment of open) {
    // Before the commands end, so that no pass begins them anew.
    await loop.store.putAttempt(cancellation(uid, deployment.service, generation, message));
    for (const flight of loop.dispatcher.of(uid).values()) {
      if (flight.step.service !== deployment.service || flight.step.healing === true || !ROLLOUT_STEPS.has(flight.command.type)) continue;
      loop.dispatcher.cancel(flight, message);
    }
    await loop.book.stop(deployment.id, 'Cancelled', message);
    loop.announcer.log(deployment.id, 'DEPLOY', message);
  }
  loop.enqueue(uid);
  return {
    sandbox: name,
    cancelled: open.map((deployment) => {
      const holder = own.find(({ container }) => container.name === containerName(ref.slug, deployment.service))?.container;
      const keeps = holder && isUp(holder) ? holder.commit : undefined;
      return { service: deployment.service, deployment: deployment.id, state: deployment.state, ...(keeps === undefined ? {} : { keeps }) };
    }),
  };
}

/**
 * Forgets failures and cancellations, so that what was given up is tried again at once.
 * @throws SdpError not_found, conflict when nothing was given up or waits
 */
export async function retryRollouts(loop: LoopContext, slug: string, service: string | undefined): Promise<RetryView> {
  const { uid, name } = (await sandboxOf(loop, slug)).metadata;
  const wanted = service === undefined ? undefined : slugOf(service);
  const all = [...(await loop.store.attempts(uid)), ...loop.soft.of(uid)];
  const found = all.filter((attempt) => !attempt.service.startsWith('@') && (wanted === undefined || attempt.service === wanted));
  if (found.length === 0) {
    throw new SdpError('conflict', `Nothing of ${service === undefined ? `sandbox ${name}` : `${service} in sandbox ${name}`} failed or was cancelled.`, {
      hint: `\`sdp deploy ${name}\` takes the newest commits.`,
    });
  }
  const services = [...new Set(found.map((attempt) => attempt.service))].sort();
  for (const each of services) {
    await loop.store.clearAttempts(uid, each);
    loop.soft.clear(uid, each);
  }
  loop.enqueue(uid);
  const retried = services.map((each) => {
    const last = found.find((attempt) => attempt.service === each && attempt.step !== CANCEL_STEP) ?? found.find((attempt) => attempt.service === each);
    return { service: each, after: last?.message ?? '' };
  });
  return { sandbox: name, retried };
}
