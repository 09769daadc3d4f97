import { allowanceMs } from '../dispatch/deadlines.ts';
import type { StatusInput } from '../status/status.ts';
import type { LoopContext } from './context.ts';

/** The steps in flight, when their commands were sent, and until when they may take. */
export function flightsOf(loop: LoopContext, uid: string): Required<Pick<StatusInput, 'inFlight' | 'flights'>> {
  const flying = [...loop.dispatcher.of(uid)];
  return {
    inFlight: new Map(flying.map(([key, { step }]) => [key, step])),
    flights: new Map(
      flying.map(([key, { command, step }]) => {
        const since = Date.parse(command.deadline) - (step.order === undefined ? 0 : allowanceMs(step.order));
        return [key, { since: new Date(since).toISOString(), until: command.deadline }];
      }),
    ),
  };
}
