/** What a sandbox depends on. Pure. */
import type { RouteSpec, SandboxSpec } from '#schema/documents';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';

/** Slugs of the catalogue's entries that a sandbox names, the gateway's included. Sorted. */
export function serviceSlugs(spec: SandboxSpec, route: RouteSpec | undefined): string[] {
  const named = [GATEWAY_SERVICE, ...Object.keys(spec.services ?? {}), ...Object.keys(route?.routes ?? {})];
  return [...new Set(named.map(slugOf))].sort();
}

/** The spec with other environments in the place of those named. @param renamed new names by slug */
export function withEnvironments(spec: SandboxSpec, renamed: ReadonlyMap<string, string>): SandboxSpec {
  if (renamed.size === 0) return spec;
  const changed = <T extends { environments?: string[] }>(part: T): T =>
    part.environments === undefined ? part : { ...part, environments: part.environments.map((name) => renamed.get(slugOf(name)) ?? name) };
  return {
    ...changed(spec),
    ...(spec.gateway === undefined ? {} : { gateway: changed(spec.gateway) }),
    ...(spec.services === undefined
      ? {}
      : { services: Object.fromEntries(Object.entries(spec.services).map(([name, service]) => [name, changed(service)])) }),
  };
}
