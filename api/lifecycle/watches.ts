/** Whether requests to a sandbox's gateway would be seen now. Pure. */
import type { PortAllocation } from '#schema/records';
import type { FleetNode } from '#reconciler/contract';

/**
 * All of them pass the edge of the engine where its gateway's port is, also those that come in on another. Without a port
 * there is nothing to ask for.
 */
export function watches(sandboxUid: string, ports: readonly PortAllocation[], nodes: readonly FleetNode[]): boolean {
  const engines = ports.filter((port) => port.kind === 'gateway' && port.sandboxUid === sandboxUid).map(({ engine }) => engine);
  const seeing = nodes.filter(({ online, state }) => online && state?.edge.owner === true && state.edge.state === 'ready');
  return engines.every((engine) => seeing.some(({ hello }) => hello.engine.id === engine));
}
