/** How long each command may take (invariant 10). */
import type { Order } from '../model.ts';

const MINUTE = 60_000;

/** Milliseconds from dispatch to the deadline. */
export function allowanceMs(order: Order): number {
  switch (order.type) {
    case 'fetch':
      return 10 * MINUTE;
    case 'build':
      return 20 * MINUTE;
    case 'run':
      return (order.container.startSeconds + order.container.drainSeconds + 30) * 1000;
    case 'remove':
      return MINUTE + (order.object.kind === 'container' ? (order.object.drain?.seconds ?? 0) * 1000 : 0);
    case 'network':
    case 'stop':
    case 'restart':
    case 'routes':
      return MINUTE;
  }
}
