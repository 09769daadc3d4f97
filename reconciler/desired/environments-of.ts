/** Which environments a sandbox gives to its services. Pure. */
import type { SandboxSpec, ServiceSpec } from '#schema/documents';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';

/** Catalogue entries by slug. */
export type Catalogue = ReadonlyMap<string, { spec: ServiceSpec }>;

/** Names as they are written, by slug, sorted: the sandbox's own, and the catalogue's defaults, the gateway's included. */
export function environmentsOf(spec: SandboxSpec, catalogue: Catalogue): Map<string, string> {
  const services = Object.entries(spec.services ?? {});
  const given = [spec, spec.gateway, ...services.map(([, service]) => service)].flatMap((part) => part?.environments ?? []);
  const defaults = [GATEWAY_SERVICE, ...services.map(([name]) => name)].flatMap((name) => catalogue.get(slugOf(name))?.spec.environments ?? []);
  return new Map([...given, ...defaults].map((name) => [slugOf(name), name] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
