/** Which commands in flight nobody wants the result of any more (invariant 8). Pure. */
import type { Diff } from '../diff/diff.ts';
import type { Desired, Step } from '../model.ts';

/** Why this step's command is to be cancelled; undefined when it may go on. */
export function cancelReason(step: Step, desired: Desired, diff: Diff): string | undefined {
  const { order } = step;
  if (!order || (order.type !== 'fetch' && order.type !== 'build' && order.type !== 'run')) return undefined;
  const want = desired.services.find((item) => item.service === order.service);
  if (desired.deleting) return 'the sandbox is being deleted';
  if (!want) return 'the sandbox does not run this service any more';
  if (desired.suspended) return 'the sandbox is suspended';
  if (want.run === 'stopped') return 'the service is stopped';
  if (order.type === 'run') return undefined;
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
