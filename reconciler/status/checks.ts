/** What the edges found when they asked routed targets from inside the sandbox. Pure. */
import type { TargetCheck } from '#schema/wire/report';
import { inForce, type EngineRoutes } from '../routes/edge-routes.ts';
import type { Desired, Inputs } from '../model.ts';

interface ChecksInput {
  desired: Desired;
  inputs: Inputs;
  routes: readonly EngineRoutes[];
}

/**
 * The newest check of a service's target: by the edge where the gateway is, as its calls are what people see, else by
 * any other of the sandbox. An edge with other routes in force than the wanted ones has checked something else.
 */
export function checkOf(service: string, { desired, inputs, routes }: ChecksInput): TargetCheck | undefined {
  const gateway = inputs.ports.find((port) => port.kind === 'gateway')?.engine;
  const { uid } = desired.ref;
  const found = routes
    .filter((item) => item.home && inForce(item, uid))
    .flatMap((item) => {
      const check = item.owner.state?.edge.checks?.[uid]?.[service];
      return check === undefined ? [] : [{ engine: item.engine, check }];
    });
  return (found.find((item) => item.engine === gateway) ?? found[0])?.check;
}
