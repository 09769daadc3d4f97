/** Which commands in flight nobody wants the result of any more (invariant 8). Pure. */
import type { Diff } from '../diff/diff.ts';
import type { Attempt } from '#specs/store';
import { cancelledBy } from '../diff/attempts.ts';
import type { Desired, Step } from '../model.ts';

/** Why this step's command is to be cancelled; undefined when it may go on. */
export function cancelReason(step: Step, desired: Desired, diff: Diff, attempts: readonly Attempt[] = []): string | undefined {
  const { order } = step;
  if (order?.type === 'remove') return order.object.kind === 'container' && order.object.drain ? drainInTheWay(step, desired, diff) : undefined;
  if (!order || (order.type !== 'fetch' && order.type !== 'build' && order.type !== 'run')) return undefined;
  const want = desired.services.find((item) => item.service === order.service);
  if (desired.deleting) return 'the sandbox is being deleted';
  if (!want) return 'the sandbox does not run this service any more';
  if (desired.suspended) return 'the sandbox is suspended';
  if (want.run === 'stopped') return 'the service is stopped';
  const cancelled = cancelledBy(attempts, step);
  if (cancelled) return cancelled.message;
  if (order.type === 'run') return drainsOnly(order, diff) ? 'something newer was asked for' : undefined;
  const undecided = [...diff.unknown, ...diff.blocked].some((item) => item.want?.service === order.service);
  if (undecided) return undefined;
  const fetches = diff.fetch.filter((item) => item.want.service === order.service);
  if (order.type === 'fetch') {
    return fetches.some((item) => item.key === step.subject) ? undefined : 'something newer was asked for';
  }
  const entries = [...diff.create, ...diff.replace, ...diff.start, ...diff.keep, ...fetches];
  const images = entries.filter((item) => item.want.service === order.service).map((item) => item.target?.image);
  return images.includes(order.image) ? undefined : 'something newer was asked for';
}

/** What is left of a drain keeps nothing else of the service waiting: a later run goes on with it. */
function drainInTheWay({ service }: Step, desired: Desired, diff: Diff): string | undefined {
  if (desired.deleting) return 'the sandbox is being deleted';
  if (desired.suspended) return 'the sandbox is suspended';
  const next = [...diff.fetch, ...diff.create, ...diff.replace, ...diff.start, ...diff.stop];
  return next.some(({ want }) => want.service === service) ? 'something newer was asked for' : undefined;
}

/**
 * A run whose container serves already waits for its predecessor's connections, for up to an hour; something newer need
 * not wait with it. The predecessor goes on draining, and the next run ends it. Any other run is short and ends by itself.
 */
function drainsOnly(order: Extract<NonNullable<Step['order']>, { type: 'run' }>, diff: Diff): boolean {
  const next = [...diff.fetch, ...diff.replace].find((item) => item.want.service === order.service);
  return next?.holder?.hash === order.container.hash && next.target?.hash !== order.container.hash;
}
