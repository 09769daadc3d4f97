/** Warnings about state that others use (A7): which sandboxes keep OCP's databases and queues. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { originWords, type Layered } from './variables.ts';

/**
 * One sentence per variable of `sharedState` whose value is OCP's: because it comes from the service's defaults,
 * because the sandbox says the same again, or because nothing sets it, so that what is built into the service counts.
 */
export function sharedStateWarnings(service: string, sharedState: readonly string[], { given }: Pick<Layered, 'given'>): string[] {
  return sharedState.flatMap((variable) => {
    const list = given.get(variable) ?? [];
    const winner = list.at(-1);
    const change = `set ${variable} in the sandbox's variables or environments`;
    if (winner === undefined) {
      return [`${service} gets no ${variable} from any environment, so what is built into it counts, which may lead to state that others use; ${change}.`];
    }
    const from = originWords(winner.origin, service);
    if (winner.origin.layer === 'defaults') {
      return [`${service} keeps OCP's value of ${variable} (from ${from}): it works on state that others use; ${change}.`];
    }
    const baseline = list.findLast(({ origin }) => origin.layer === 'defaults');
    if (baseline !== undefined && isDeepStrictEqual(baseline.value, winner.value)) {
      return [`${service} gets ${variable} from ${from}, but with OCP's own value: it works on state that others use; give it another value.`];
    }
    return [];
  });
}
