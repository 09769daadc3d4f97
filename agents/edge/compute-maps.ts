/** From routes, containers and resolved names to map entries: pure. */
import { slugOf } from '#schema/names';
import type { EdgeRoutes, EdgeTarget } from '#schema/wire/commands';
import type { MapName } from './paths.ts';
import { encodeValue, token, type TargetValue } from './target-value.ts';
import { parseTarget } from './url-target.ts';

/** What is known of a container by its canonical name. */
export interface KnownContainer {
  state: string;
  address?: string | undefined;
}

export interface EdgeView {
  /** Routes in order of application: where two sandboxes claim one port or subnet, the later has it. */
  routes: readonly EdgeRoutes[];
  containers: ReadonlyMap<string, KnownContainer>;
  /** Address by host name; absent when it could not be resolved. */
  addresses: ReadonlyMap<string, string>;
  /** Switched addresses that the list of containers does not show yet, by container name. */
  moved?: ReadonlyMap<string, { from: string; to: string }>;
}

export type MapState = Record<MapName, ReadonlyMap<string, string>>;

export function computeMaps(view: EdgeView): MapState {
  const maps = {
    sandboxes: new Map<string, string>(),
    inside: new Map<string, string>(),
    subnets: new Map<string, string>(),
    outside: new Map<string, string>(),
  };
  for (const routes of view.routes) {
    const uid = token(routes.sandbox.uid);
    maps.sandboxes.set(uid, `${token(routes.sandbox.name)}|${Math.trunc(routes.revision)}`);
    if (routes.subnet !== undefined) maps.subnets.set(subnetKey(routes.subnet), uid);
    for (const [service, target] of Object.entries(routes.inside)) {
      const slug = slugOf(service);
      maps.inside.set(`${uid}/${slug}`, encodeValue(targetValue(uid, slug, target, view)));
    }
    for (const [port, entry] of Object.entries(routes.outside)) {
      maps.outside.set(portKey(port), encodeValue(targetValue(uid, slugOf(entry.service), entry.target, view)));
    }
  }
  return maps;
}

/** Services that are routed to a container which nobody can be sent to now, by sandbox uid. */
export function waitingServices(view: Pick<EdgeView, 'routes' | 'containers' | 'moved'>): Record<string, string[]> {
  const waiting: Record<string, string[]> = {};
  for (const { sandbox, inside, outside } of view.routes) {
    const targets = [...Object.entries(inside), ...Object.values(outside).map(({ service, target }) => [service, target] as const)];
    const unreachable = targets.filter(
      ([, target]) => target.kind === 'container' && containerValue(target.container, target.port, view).type !== 'container',
    );
    if (unreachable.length > 0) waiting[sandbox.uid] = [...new Set(unreachable.map(([service]) => slugOf(service)))].sort();
  }
  return waiting;
}

/** Host names that the routes need an address of. */
export function namesToResolve(routes: readonly EdgeRoutes[]): Set<string> {
  const names = new Set<string>();
  for (const each of routes) {
    const targets = [...Object.values(each.inside), ...Object.values(each.outside).map((entry) => entry.target)];
    for (const target of targets) {
      if (target.kind === 'node') names.add(target.address);
      if (target.kind !== 'url') continue;
      const parsed = parseTarget(target.url);
      if (parsed.ok) names.add(parsed.hostname);
    }
  }
  return names;
}

function targetValue(uid: string, service: string, target: EdgeTarget, view: EdgeView): TargetValue {
  const base = { owner: uid, service };
  switch (target.kind) {
    case 'container':
      return { ...base, ...containerValue(target.container, target.port, view) };
    case 'node': {
      const address = view.addresses.get(target.address);
      if (address === undefined) return { ...base, type: 'unresolved', text: unresolved(target.address) };
      return { owner: target.sandbox ?? uid, service, type: 'node', address, port: target.port };
    }
    case 'url': {
      const parsed = parseTarget(target.url);
      if (!parsed.ok) return { ...base, type: 'unavailable', text: parsed.problem };
      const address = view.addresses.get(parsed.hostname);
      if (address === undefined) return { ...base, type: 'unresolved', text: unresolved(parsed.hostname) };
      const { scheme, port, host, prefix } = parsed;
      return { ...base, type: scheme, address, port, host, prefix };
    }
    case 'unavailable':
      return { ...base, type: 'unavailable', text: target.reason };
  }
}

function containerValue(
  name: string,
  port: number,
  view: Pick<EdgeView, 'containers' | 'moved'>,
): Pick<TargetValue, 'type' | 'address' | 'port' | 'text'> {
  const found = view.containers.get(name);
  if (found === undefined) return { type: 'unavailable', text: `There is no container ${name} now` };
  if (found.state !== 'running') return { type: 'unavailable', text: `The container ${name} is ${stateWord(found.state)}` };
  if (found.address === undefined) return { type: 'unavailable', text: `The container ${name} is starting` };
  const moved = view.moved?.get(name);
  return { type: 'container', address: moved?.from === found.address ? moved.to : found.address, port };
}

function stateWord(state: string): string {
  return ({ created: 'starting', exited: 'stopped', removing: 'being removed' } as Record<string, string>)[state] ?? state;
}

const unresolved = (name: string): string => `The name ${name} cannot be resolved on this node`;

function subnetKey(subnet: string): string {
  if (!/^[0-9.]+\/[0-9]{1,2}$/.test(subnet)) throw new Error(`"${subnet}" is no IPv4 subnet`);
  return subnet;
}

function portKey(port: string): string {
  if (!/^[1-9][0-9]{0,4}$/.test(port)) throw new Error(`"${port}" is no port`);
  return port;
}
