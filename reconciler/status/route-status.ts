/** Where requests for one service end up, for people; since when, and whether it was seen to answer. */
import { containerName, slugOf } from '#schema/names';
import type { RouteStatus, SandboxStatus } from '#schema/status';
import type { EdgeFault } from '#schema/wire/commands';
import type { TargetCheck } from '#schema/wire/report';
import type { Choice } from '../routes/choices.ts';
import { vainDelays } from '../routes/faults.ts';
import type { EngineRoutes } from '../routes/edge-routes.ts';
import type { Desired, Inputs } from '../model.ts';
import { checkOf } from './checks.ts';

/** An outcome that is seen again is noted anew after so many milliseconds: a status that always moves says nothing. */
const RENEW_MS = 3 * 60_000;

export interface RouteStatusInput {
  desired: Desired;
  inputs: Inputs;
  routes: readonly EngineRoutes[];
  faults: Readonly<Record<string, EdgeFault>> | undefined;
  previous: SandboxStatus | undefined;
  /** Milliseconds since 1970. */
  now: number;
  /** Note the times of all checks: one of them is due. */
  renew?: boolean;
}

/** Whether the check of a route, in all but its time as it was before, is to be noted anew. */
export function isRenewalDue(choice: Choice, input: RouteStatusInput): boolean {
  const before = input.previous?.services[choice.service]?.route?.verified;
  const check = checkOf(choice.service, input);
  return before !== undefined && check !== undefined && Date.parse(check.at) - Date.parse(before.at) >= RENEW_MS;
}

export function routeStatus(choice: Choice, input: RouteStatusInput): RouteStatus {
  const where = destination(choice, input);
  const before = input.previous?.services[choice.service]?.route;
  const same = before?.target === where.target && before.url === where.url;
  const since = (same ? before.since : undefined) ?? new Date(input.now).toISOString();
  const former = same && input.renew !== true ? before.verified : undefined;
  const verified = renewed(former, checkOf(choice.service, input));
  const fault = input.faults?.[choice.service];
  const faultProblem = fault?.kind === 'delay' ? vainDelays(input.routes).get(choice.service) : undefined;
  return {
    ...where,
    reason: choice.reason,
    since,
    ...(verified === undefined ? {} : { verified }),
    ...(fault === undefined ? {} : { fault }),
    ...(faultProblem === undefined ? {} : { faultProblem }),
  };
}

function destination(choice: Choice, { desired, inputs }: RouteStatusInput): Pick<RouteStatus, 'target' | 'url'> {
  switch (choice.target) {
    case 'ocp':
      return { target: 'ocp', url: choice.url };
    case 'url':
      return { target: 'url', url: choice.url };
    case 'other-sandbox': {
      const port = inputs.catalogue.get(choice.service)?.spec.port ?? 8080;
      const slug = inputs.others.get(slugOf(choice.sandbox))?.ref.slug ?? slugOf(choice.sandbox);
      return { target: 'other-sandbox', url: `http://${containerName(slug, choice.service)}:${port}` };
    }
    case 'sandbox':
    case 'missing': {
      const port = desired.services.find((want) => want.service === choice.service)?.port ?? 8080;
      return { target: 'sandbox', url: `http://${containerName(desired.ref.slug, choice.service)}:${port}` };
    }
  }
}

function renewed(before: TargetCheck | undefined, check: TargetCheck | undefined): TargetCheck | undefined {
  if (before === undefined || check === undefined) return check;
  const equal =
    before.ok === check.ok && before.step === check.step && before.message === check.message && before.status === check.status;
  return equal ? before : check;
}
