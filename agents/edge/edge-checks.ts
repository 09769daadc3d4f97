/** Which targets of an edge are checked, and how: those that callers of a network on this engine are routed to. */
import type Docker from 'dockerode';
import { LABELS, slugOf } from '#schema/names';
import type { EdgeRoutes } from '#schema/wire/commands';
import { checkInside, dialFrom, type Dial } from './check-inside.ts';
import type { CheckTarget } from './check-target.ts';
import type { Wanted } from './checks.ts';
import type { MapState } from './compute-maps.ts';
import { firstAddress } from './probe.ts';

export interface CheckParts {
  docker: Docker;
  /** Proves to edges that a request is a check. */
  mark: string;
  checkTarget: CheckTarget;
  /** Default: a connection of this process. */
  dial?: Dial | undefined;
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
        check: async () => {
          const hostAddress = await hostAddressIn(parts.docker, sandbox.uid, subnet);
          return checkInside({ service, target, health, hostAddress, mark: parts.mark }, { dial: parts.dial ?? dialFrom, checkTarget: parts.checkTarget });
        },
      };
    });
  });
}

/** Of this host in a sandbox's network. @throws Error when the engine has no such network */
async function hostAddressIn(docker: Docker, uid: string, subnet: string): Promise<string> {
  const networks = await docker.listNetworks({ filters: { label: [`${LABELS.sandbox}=${uid}`] } });
  const configs = networks.flatMap((network) => network.IPAM?.Config ?? []);
  const config = configs.find((each) => each.Subnet === subnet);
  if (config === undefined) throw new Error(`the engine has no network ${subnet}`);
  return config.Gateway ?? firstAddress(subnet);
}
