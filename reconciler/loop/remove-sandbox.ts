/** Takes a sandbox down, or what is left of one that has no document any more. */
import type { StoredDocument } from '#schema/documents';
import { isTerminal } from '#schema/states';
import type { SandboxRef } from '#schema/wire/commands';
import type { Outcome } from '../contract.ts';
import type { Inputs } from '../model.ts';
import { worldOf } from '../observed/world.ts';
import { deletionOf } from '../plan/deletion.ts';
import { statusOf } from '../status/status.ts';
import { allAttempts, type LoopContext } from './context.ts';
import { dispatchSteps } from './dispatch-steps.ts';
import { flightsOf } from './flights-of.ts';
import { earliestWait } from './wait.ts';
import { situationOf, surveyOf } from './survey.ts';

export async function removeSandbox(loop: LoopContext, inputs: Inputs): Promise<Outcome> {
  const document: StoredDocument<'Sandbox'> = inputs.sandbox;
  const { uid, slug, name, finalizers } = document.metadata;
  const ref: SandboxRef = { uid, slug, name };
  cancelWork(loop, uid);
  loop.logins.await(uid, []);
  for (const deployment of inputs.deployments) {
    if (!isTerminal(deployment.state)) await loop.book.stop(deployment.id, 'Cancelled', 'The sandbox was deleted.');
  }
  const world = worldOf(loop.fleet.nodes(), inputs.nodeRecords, ref);
  const attempts = allAttempts(inputs.attempts, loop.soft.of(uid));
  const now = loop.clock.now();
  const { steps, silent } = deletionOf({ ref, world, ports: inputs.ports, subnets: inputs.subnets, attempts, now });
  for (const { user, sandboxUid, formerUid } of inputs.personal) {
    if (sandboxUid !== uid || formerUid === undefined) continue;
    await loop.store.settlePersonalPort(user, uid);
    loop.enqueue(formerUid);
  }
  if (steps.length === 0 && silent.length === 0 && loop.dispatcher.of(uid).size === 0) {
    await loop.store.releaseSandbox(uid);
    await loop.store.clearAttempts(uid);
    for (const finalizer of finalizers) await loop.store.finishFinalizer(uid, finalizer);
    loop.soft.clear(uid);
    return { kind: 'done' };
  }
  await dispatchSteps(loop, { uid, steps, attempts, deployments: [], services: [] });
  const survey = surveyOf(situationOf(inputs, loop.fleet.nodes(), { ...loop, now }), {
    defaults: loop.defaults,
    attempts,
    logins: new Set(),
    unclaimed: new Map(),
  });
  const problems = silent.map(({ problem }) => ({ problem }));
  const status = statusOf({
    ...survey,
    steps,
    problems,
    now,
    desired: { ...survey.desired, services: [] },
    diff: {
      ...survey.diff,
      fetch: [],
      create: [],
      replace: [],
      start: [],
      stop: [],
      keep: [],
      blocked: [],
      unknown: [],
    },
    ...flightsOf(loop, uid),
    deployments: inputs.deployments,
    previous: document.status,
  });
  if (await loop.store.writeStatus(uid, status)) loop.announcer.status(name, slug, status);
  return earliestWait(attempts, now);
}

/** Objects of this installation whose sandbox is gone for good, such as those of a node that was forgotten and came back. */
export async function removeLeftovers(loop: LoopContext, uid: string): Promise<Outcome> {
  cancelWork(loop, uid);
  const nodes = loop.fleet.nodes();
  const network = nodes.flatMap((node) => node.state?.networks ?? []).find((item) => item.sandboxUid === uid)?.name;
  const slug = network?.replace(/^sandbox-/, '') ?? 'gone';
  const ref: SandboxRef = { uid, slug, name: slug };
  const now = loop.clock.now();
  const attempts = loop.soft.of(uid);
  const world = worldOf(nodes, [], ref);
  const { steps } = deletionOf({ ref, world, ports: [], subnets: [], attempts, now });
  await dispatchSteps(loop, { uid, steps, attempts, deployments: [], services: [] });
  return earliestWait(attempts, now);
}

function cancelWork(loop: LoopContext, uid: string): void {
  for (const flight of loop.dispatcher.of(uid).values()) {
    const { type } = flight.command;
    if (type === 'fetch' || type === 'build' || type === 'run')
      loop.dispatcher.cancel(flight, 'the sandbox is being deleted');
  }
}
