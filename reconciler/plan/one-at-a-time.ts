/** `replace: recreate`: two copies never run at once, so there is a gap, and the plan says so. Pure. */
import type { Defaults } from '../contract.ts';
import { isUp, trialKey, type Entry } from '../diff/diff.ts';
import type { Step } from '../model.ts';
import { ownContainers, type Located } from '../observed/world.ts';
import type { PlanInput } from './plan.ts';

/** Seconds that a container has to end by itself before it is killed. */
const STOP_SECONDS = 10;

/** An entry's reason, with the gap that its replacement makes. */
export function gapReason(entry: Entry, { startSeconds }: Pick<Defaults, 'startSeconds'>): string {
  const { want, holder, reason } = entry;
  if (want.replace !== 'recreate' || !holder || !isUp(holder)) return reason;
  return (
    `${reason}; ${want.service} stops before its new version starts: requests fail until that one answers, ` +
    `at most ${STOP_SECONDS + startSeconds} s`
  );
}

/** Copies that run on other engines, as far as is known. One on the entry's engine is the agent's matter. */
function others({ want, node }: Entry, { world }: PlanInput): Located[] {
  return ownContainers(world.nodes).filter(
    ({ node: other, container }) => container.service === want.service && other.engine !== node.engine,
  );
}

export function stopOthers(entry: Entry, input: PlanInput): Step[] {
  const { service } = entry.want;
  return others(entry, input)
    .filter(({ node, container }) => node.online && isUp(container))
    .map(
      ({ node, container }): Step => ({
        action: 'stop',
        service,
        node: node.name,
        reason: `${service} stops on ${node.name} before it starts on ${entry.node.name}: requests fail until it answers there`,
        key: service,
        kind: 'stop',
        subject: container.id,
        input: container.id,
        healing: true,
        order: { type: 'stop', sandbox: input.desired.ref, service, containerId: container.id },
      }),
    );
}

/** Why it may not start yet; a node that does not report may still run it. */
export function blockedByOthers(entry: Entry, input: PlanInput): string | undefined {
  const up = others(entry, input).find(({ container }) => isUp(container));
  if (!up) return undefined;
  const { service } = entry.want;
  if (up.node.online) return `comes after ${service} has stopped on ${up.node.name}`;
  return `${service} may still run on ${up.node.name}, which does not report; start its agent, or forget the node`;
}

/** It failed where it is to go: it serves again from where it was. */
export function startAgain(entry: Entry, input: PlanInput): Step[] {
  const { service } = entry.want;
  const all = others(entry, input);
  const former = all.find(({ node, container }) => node.online && container.state === 'exited');
  if (!former || all.some(({ container }) => isUp(container)) || (entry.holder && isUp(entry.holder))) return [];
  return [
    {
      action: 'start',
      service,
      node: former.node.name,
      reason: `${service} does not start on ${entry.node.name}; it serves from ${former.node.name} again`,
      healing: true,
      ...trialKey(service, 'start', former.container.id, input.desired.generation),
      order: { type: 'restart', sandbox: input.desired.ref, service, containerId: former.container.id },
    },
  ];
}
