import { allowanceMs } from '../dispatch/deadlines.ts';
import type { FlightTimes } from '../status/progress.ts';
import type { LoopContext } from './context.ts';

/** When the commands in flight were sent, and until when they may take. */
export function flightTimes(loop: LoopContext, uid: string): Map<string, FlightTimes> {
  return new Map(
    [...loop.dispatcher.of(uid)].map(([key, { command, step }]) => {
      const since = Date.parse(command.deadline) - (step.order === undefined ? 0 : allowanceMs(step.order));
      return [key, { since: new Date(since).toISOString(), until: command.deadline }];
    }),
  );
}
