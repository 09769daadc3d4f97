/** The edge as an agent sees it: its own, or its neighbour's on the same engine. */
import { SdpError } from '#schema/errors';
import type { AddressSwitch, Edge } from '../contract.ts';
import { connectAddressSwitch } from './address-switch.ts';
import { targetChecker } from './check-target.ts';
import { createOwnedEdge, type EdgeOptions } from './edge.ts';

/** @param options.edgeOwner this agent is the first by name on its engine, and runs the edge. */
export function createEdge(options: EdgeOptions & { edgeOwner: boolean }): Edge & AddressSwitch {
  return options.edgeOwner ? createOwnedEdge(options) : neighbour(options);
}

function neighbour(options: EdgeOptions): Edge & AddressSwitch {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    start: nothing,
    stop: nothing,
    containersChanged: nothing,
    apply: () =>
      Promise.reject(
        new SdpError('precondition_failed', `The edge of this engine belongs to another agent than ${options.config.node.name}.`, {
          hint: 'Send routes to the agent that reports edge.owner.',
        }),
      ),
    readdress: (from, to) => connectAddressSwitch(options.docker, options.installation).readdress(from, to),
    // Another agent's edge: it notes the requests of this engine.
    onRequests: () => () => undefined,
    checkTarget: targetChecker(options.config),
    state: () => ({ owner: false, state: 'ready', routes: {}, foreignPorts: [] }),
  };
}
