/** Which targets of an edge are checked, and how: those that callers of a network on this engine are routed to. */
import { slugOf } from '#schema/names';
import type { EdgeRoutes } from '#schema/wire/commands';
import { checkInside } from './check-inside.ts';
import type { CheckTarget } from './check-target.ts';
import type { Wanted } from './checks.ts';
import type { MapState } from './compute-maps.ts';
import { firstAddress } from './probe.ts';

export interface CheckParts {
  /** Of the edge, for checks. */
  socket: string;
  checkTarget: CheckTarget;
}

export function wantedChecks(routes: readonly EdgeRoutes[], maps: MapState, parts: CheckParts): Wanted[] {
  return routes.flatMap((each) => {
    const { subnet, sandbox } = each;
    if (subnet === undefined) return [];
    return Object.entries(each.inside).map(([name, target]): Wanted => {
      const service = slugOf(name);
      const health = each.health?.[name];
      const value = maps.inside.get(`${sandbox.uid}/${service}`) ?? '';
      return {
        uid: sandbox.uid,
        service: name,
        fingerprint: `${value} ${health ?? ''} ${subnet}`,
        check: () => checkInside({ service, target, health, caller: firstAddress(subnet) }, parts),
      };
    });
  });
}
