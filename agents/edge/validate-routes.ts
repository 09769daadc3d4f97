/** Whether routes can be written at all: asked before anything is kept. */
import { SdpError } from '#schema/errors';
import type { EdgeRoutes, SandboxRef } from '#schema/wire/commands';
import { computeMaps } from './compute-maps.ts';
import type { KeptRoutes } from './files.ts';

/** Kept by another release, perhaps: without them the report lacks their hash, and the control plane sends them anew. */
export function isValid(kept: KeptRoutes): boolean {
  try {
    validate(kept.routes.sandbox, kept.routes);
    return true;
  } catch {
    return false;
  }
}

/** Routes that cannot be written are refused before anything is kept. */
export function validate(sandbox: SandboxRef, routes: EdgeRoutes): void {
  if (routes.sandbox.uid !== sandbox.uid) throw new SdpError('edge_failed', 'The routes are those of another sandbox.');
  try {
    computeMaps({ routes: [routes], containers: new Map(), addresses: new Map() });
  } catch (error) {
    throw new SdpError('edge_failed', `The routes of ${sandbox.name} cannot be written: ${SdpError.from(error).message}`, { cause: error });
  }
}
