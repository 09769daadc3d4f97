/** From routes, containers and resolved names to map entries: pure. */
import { overlap, parseNetwork } from '#schema/cidr';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import type { EdgeRoutes, EdgeTarget } from '#schema/wire/commands';
import { faultEntry } from './faults.ts';
import type { MapName } from './paths.ts';
import { sandboxValue } from './sandbox-value.ts';
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
  /** CIDR of sandboxes' networks: no URL may lead there. */
  pool?: string;
}

export type MapState = Record<MapName, ReadonlyMap<string, string>>;

export function computeMaps(view: EdgeView): MapState {
  const maps = {
    faults: new Map<string, string>(),
    sandboxes: new Map<string, string>(),
    inside: new Map<string, string>(),
    subnets: new Map<string, string>(),
    shared: new Map<string, string>(),
    outside: new Map<string, string>(),
  };
  for (const routes of view.routes) {
    const uid = token(routes.sandbox.uid);
    const faults = Object.entries(routes.faults ?? {}).map(([service, fault]) => faultEntry(uid, service, fault));
    for (const { key, value } of faults) maps.faults.set(key, value);
    const { name, slug } = routes.sandbox;
    maps.sandboxes.set(uid, sandboxValue({ name, revision: routes.revision, link: routes.link, faulty: faults.length > 0 }));
    if (routes.shared !== undefined) {
      const value = encodeValue(targetValue(uid, GATEWAY_SERVICE, routes.shared, view));
      for (const key of new Set([slug, name.toLowerCase()])) maps.shared.set(token(key), value);
    }
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
  for (const each of view.routes) {
    const { sandbox } = each;
    const targets = targetsOf(each);
    const unreachable = targets.filter(
      ([, target]) => target.kind === 'container' && containerValue(target, view).type !== 'container',
    );
    if (unreachable.length > 0) waiting[sandbox.uid] = [...new Set(unreachable.map(([service]) => slugOf(service)))].sort();
  }
  return waiting;
}

/** Host names that the routes need an address of. */
export function namesToResolve(routes: readonly EdgeRoutes[]): Set<string> {
  const names = new Set<string>();
  for (const each of routes) {
    for (const [, target] of targetsOf(each)) {
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
      return { ...base, ...containerValue(target, view) };
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
      if (inPool(address, view.pool)) return { ...base, type: 'unresolved', text: insidePool(parsed.hostname, address, view.pool) };
      const { scheme, port, host, prefix } = parsed;
      return { ...base, type: scheme, address, port, host, prefix };
    }
    case 'unavailable':
      return { ...base, type: 'unavailable', text: target.reason };
  }
}

function containerValue(
  { container: name, port, otherwise }: Extract<EdgeTarget, { kind: 'container' }>,
  view: Pick<EdgeView, 'containers' | 'moved'>,
): Pick<TargetValue, 'type' | 'address' | 'port' | 'text'> {
  const unavailable = (text: string) => ({ type: 'unavailable' as const, text: otherwise ?? text });
  const found = view.containers.get(name);
  if (found === undefined) return unavailable(`There is no container ${name} now`);
  if (found.state !== 'running') return unavailable(`The container ${name} is ${stateWord(found.state)}`);
  if (found.address === undefined) return unavailable(`The container ${name} is starting`);
  const moved = view.moved?.get(name);
  return { type: 'container', address: moved?.from === found.address ? moved.to : found.address, port };
}

function stateWord(state: string): string {
  return ({ created: 'starting', exited: 'stopped', removing: 'being removed' } as Record<string, string>)[state] ?? state;
}

/** Services and targets of a sandbox, one by one. */
function targetsOf(routes: EdgeRoutes): [service: string, target: EdgeTarget][] {
  return [
    ...Object.entries(routes.inside),
    ...Object.values(routes.outside).map(({ service, target }): [string, EdgeTarget] => [service, target]),
    ...(routes.shared === undefined ? [] : [[GATEWAY_SERVICE, routes.shared] satisfies [string, EdgeTarget]]),
  ];
}

/** Whether an address is one of the sandboxes' own. */
export function inPool(address: string, pool: string | undefined): boolean {
  const [network, one] = [parseNetwork(pool ?? ''), parseNetwork(address)];
  return network !== undefined && one !== undefined && overlap(network, one);
}

export function insidePool(name: string, address: string, pool: string | undefined): string {
  const leads = name === address ? `${address} lies` : `The name ${name} leads to ${address}, which lies`;
  return `${leads} in the network of the sandboxes (network.pool ${pool ?? ''}): a URL must lead out of them`;
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
