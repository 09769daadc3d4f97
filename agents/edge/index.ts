/** The edge: this node's HAProxy, the only data plane. See README.md. */
export { connectAddressSwitch } from './address-switch.ts';
export { targetChecker, type CheckTarget } from './check-target.ts';
export { createEdge } from './create-edge.ts';
export type { EdgeOptions } from './edge.ts';
