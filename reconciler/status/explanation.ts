/** Why a sandbox is not what it should be, in one sentence: what blocks it, since when, until when, what happens next. Pure. */
import { utcMinute } from '#schema/duration';
import type { Condition, Explanation, Progress } from '#schema/status';
import type { ServiceView } from './service-status.ts';
import { stepProgress } from './progress.ts';
import type { StatusInput } from './status.ts';

/** @param ready the condition Ready */
export function explanationOf(input: StatusInput, views: readonly ServiceView[], ready: Condition): Explanation | undefined {
  if (ready.status === 'True') return undefined;
  const view = blocking(ready, views);
  const progress = view?.status.progress ?? overall(input, ready);
  const { since, until, next } = progress;
  const end = until === undefined ? '' : `, until ${utcMinute(until)} at the latest`;
  const sentence = `${ready.message.replace(/[.\s]+$/, '')} (since ${utcMinute(since)}${end}); ${next}.`;
  return { sentence, reason: ready.reason, ...(view ? { service: view.want.service } : {}), ...progress };
}

/** The service that the condition speaks of. */
function blocking({ reason }: Condition, views: readonly ServiceView[]): ServiceView | undefined {
  switch (reason) {
    case 'Failed':
      return views.find((view) => view.state === 'FAILED');
    case 'NodeSilent':
      return views.find((view) => view.unknown);
    case 'Cancelled':
      return views.find((view) => view.cancelled);
    case 'NeedsLogin':
    case 'Blocked':
    case 'Progressing':
      return views.find((view) => view.status.progress !== undefined && view.want.run !== 'stopped');
    default:
      return undefined;
  }
}

/** Of what no single service explains. */
function overall(input: StatusInput, ready: Condition): Progress {
  const { reason } = ready;
  const { name } = input.desired.ref;
  const before = input.previous?.explanation;
  const since = (before?.reason === reason ? before.since : undefined) ?? new Date(input.now).toISOString();
  const keys = [...input.inFlight.keys(), ...input.steps.map((step) => step.key)];
  const busy = keys.map((key) => stepProgress(input, key)).find((item) => item !== undefined);
  switch (reason) {
    case 'Suspended':
      return busy ?? { since: ready.lastTransitionTime, next: `\`sdp resume ${name}\` brings it back` };
    case 'Expired': {
      const until = input.previous?.expiry?.deletesAt;
      return { since: ready.lastTransitionTime, ...(until === undefined ? {} : { until }), next: until === undefined ? `\`sdp resume ${name}\` brings it back` : 'then it is deleted' };
    }
    case 'Unhealthy':
      return { since, next: 'it is checked again every few seconds' };
    case 'Blocked':
      return { since, next: 'it is looked at again every half minute' };
    default:
      return busy ?? { since, next: 'it goes on with the next report of its nodes' };
  }
}
