/** Since when a service is where it is, until when at the latest, and what happens next (invariant 10). Pure. */
import { isTerminal } from '#schema/states';
import type { Progress } from '#schema/status';
import { ATTEMPT_LIMIT, trialOf } from '../diff/attempts.ts';
import type { Step } from '../model.ts';
import type { ServiceView } from './service-status.ts';
import type { StatusInput } from './status.ts';

/** What is known of a command in flight. ISO 8601. */
export interface FlightTimes {
  since: string;
  until: string;
}

const AFTER: Readonly<Record<string, string>> = {
  fetch: 'then it is built',
  build: 'then its container starts',
  run: 'then requests go to it',
  start: 'then requests go to it',
  stop: 'then it rests',
  remove: 'then it is gone',
  network: 'then its containers start',
  routes: 'then requests follow',
};

/** undefined for a service that is where it is to be. @param name of the sandbox */
export function progressOf(input: StatusInput, view: ServiceView, name: string): Progress | undefined {
  if (view.unknown) return lasting(input, view, 'it goes on when the node reports, or is forgotten');
  const { service } = view.want;
  if (view.cancelled) return lasting(input, view, `\`sdp retry ${name} ${service}\` goes on with it`);
  if (view.state === 'FAILED') return lasting(input, view, `\`sdp retry ${name} ${service}\`, a deploy or a change tries again`);
  const starting = view.reached && view.state === 'STARTING_CONTAINER' ? startingTimes(input, view) : undefined;
  if (starting) return { ...starting, next: 'then it has failed, unless it is healthy' };
  if (isTerminal(view.state)) return undefined;
  const own = stepProgress(input, service) ?? blockingFlight(input);
  if (own) return own;
  const login = input.diff.fetch.find((entry) => entry.needsLogin && entry.want.service === service);
  if (login) return lasting(input, view, `it goes on when ${login.askedBy} logs in`);
  if (input.diff.blocked.some((item) => item.want?.service === service)) return lasting(input, view, 'it goes on when that is changed');
  return lasting(input, view, 'it is looked at again with the next report');
}

function startingTimes({ startMs, now, previous }: StatusInput, view: ServiceView): FlightTimes | undefined {
  const since = view.status.startedAt ?? previous?.services[view.want.service]?.progress?.since ?? new Date(now).toISOString();
  if (startMs === undefined) return undefined;
  return { since, until: new Date(Date.parse(since) + startMs).toISOString() };
}

/** Of a key's command in flight, or of its next try. */
export function stepProgress(input: StatusInput, key: string): Progress | undefined {
  const flight = input.inFlight.get(key);
  const times = input.flights?.get(key);
  if (flight && times) return { ...times, next: `${AFTER[flight.kind] ?? 'then it goes on'}; if not, it is tried again` };
  const waiting = input.steps.find((step) => step.key === key && step.order !== undefined);
  return waiting && retryProgress(input, waiting);
}

function retryProgress({ inputs, now, previous }: StatusInput, step: Step): Progress | undefined {
  const trial = trialOf(inputs.attempts, step, now);
  if (trial.kind !== 'waiting') return undefined;
  const { count, message } = trial.attempt;
  const before = step.service === undefined ? undefined : (previous?.services[step.service] ?? (step.service === 'gateway' ? previous?.gateway : undefined))?.progress;
  const since = before?.until === trial.until ? before.since : new Date(now).toISOString();
  return { since, until: trial.until, next: `then it is tried again, after failing ${count} of ${ATTEMPT_LIMIT} times: ${message}` };
}

/** What waits for another service's step waits as long as that one may take. */
function blockingFlight(input: StatusInput): Progress | undefined {
  for (const [key, step] of input.inFlight) {
    const times = input.flights?.get(key);
    if (times && !step.aside) return { ...times, next: `it comes after the ${step.kind} of ${step.service ?? 'the sandbox'}` };
  }
  return undefined;
}

/** A state that only people or reports end: since it was seen first. */
function lasting({ previous, now }: StatusInput, { want, state }: ServiceView, next: string): Progress {
  const before = want.kind === 'gateway' ? previous?.gateway : previous?.services[want.service];
  const same = before?.state === state && before.progress?.next === next;
  return { since: (same ? before.progress?.since : undefined) ?? new Date(now).toISOString(), next };
}
