/** Drafts that people's actions lead to. Pure. */
import type { Draft, RouteEntry, RouteFault, SandboxService, SandboxSpec, Services, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { SetRouteRequest } from '#schema/http';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import { suggestion } from '#schema/parse/near';
import { validateDraft } from '#schema/parse/parse-documents';
import { withoutEnded, withoutFaults } from './faults.ts';

/** The document as somebody would apply it again. `cas` refuses the write when somebody else saved meanwhile. */
export function draftOf<T extends StoredDocument>(document: T, spec: T['spec'], cas: boolean): Draft {
  const { name, labels, annotations, resourceVersion } = document.metadata;
  return {
    apiVersion: document.apiVersion,
    kind: document.kind,
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(cas ? { resourceVersion } : {}),
    },
    spec,
  } as Draft;
}

function without<T extends object, K extends keyof T>(value: T, ...keys: K[]): Omit<T, K> {
  const copy = { ...value };
  for (const key of keys) delete copy[key];
  return copy;
}

/** Suspend or resume (H1). */
export function withRun(sandbox: StoredDocument<'Sandbox'>, run: 'active' | 'suspended'): Draft {
  const rest = without(sandbox.spec, 'run');
  return draftOf(sandbox, run === 'active' ? rest : { ...rest, run }, true);
}

function keyOf(services: Services, service: string): string | undefined {
  return Object.keys(services).find((name) => slugOf(name) === slugOf(service));
}

function noService(sandbox: StoredDocument<'Sandbox'>, service: string): SdpError {
  const names = Object.keys(sandbox.spec.services ?? {});
  return new SdpError('not_found', `${sandbox.metadata.name} has no service "${service}".${suggestion(service, names)}`);
}

/**
 * Stop or start one service (D7).
 * @throws SdpError not_found, invalid_request for the gateway, which stops with its sandbox only
 */
export function withServiceRun(sandbox: StoredDocument<'Sandbox'>, service: string, run: 'started' | 'stopped'): Draft {
  if (slugOf(service) === GATEWAY_SERVICE) {
    throw new SdpError('invalid_request', 'The gateway runs as long as its sandbox does.', {
      hint: `\`sdp ${run === 'stopped' ? 'suspend' : 'resume'} ${sandbox.metadata.name}\` acts on the whole sandbox.`,
    });
  }
  const services = sandbox.spec.services ?? {};
  const key = keyOf(services, service);
  const entry = key === undefined ? undefined : services[key];
  if (key === undefined || entry === undefined) throw noService(sandbox, service);
  const rest: SandboxService = without(entry, 'run');
  const changed = { ...services, [key]: run === 'started' ? rest : { ...rest, run } };
  return draftOf(sandbox, { ...sandbox.spec, services: changed }, true);
}

/** The sandbox with a branch for one service, and with everything else of that service as it was. */
export function withBranch(sandbox: StoredDocument<'Sandbox'>, service: string, branch: string): Draft {
  const services = sandbox.spec.services ?? {};
  const key = keyOf(services, service) ?? slugOf(service);
  const rest: SandboxService = without(services[key] ?? {}, 'use_ocp', 'commit');
  const spec: SandboxSpec = { ...sandbox.spec, services: { ...services, [key]: { ...rest, branch } } };
  return draftOf(sandbox, spec, true);
}

export interface RouteChange {
  target?: SetRouteRequest['target'] | undefined;
  /** null ends the one that there is. */
  fault?: RouteFault | null | undefined;
}

/** The sandbox's Route with one entry more, changed, or less. Faults that have ended go. */
export function withRoute(
  sandbox: StoredDocument<'Sandbox'>,
  route: StoredDocument<'Route'> | undefined,
  service: string,
  { target, fault }: RouteChange,
  now: number,
): Draft {
  const lower = typeof target === 'string' ? target.toLowerCase() : target;
  const routes = route === undefined ? {} : withoutEnded(route.spec, route.metadata.updatedAt, now).routes;
  const key = Object.keys(routes).find((name) => slugOf(name) === slugOf(service)) ?? slugOf(service);
  const { [key]: before, ...others } = routes;
  const kept = fault === undefined ? before : without(before ?? {}, 'fault');
  const entry: RouteEntry = {
    ...kept,
    ...(lower === undefined ? {} : { target: lower }),
    ...(fault === undefined || fault === null ? {} : { fault }),
  };
  // In place: the order of a document is its author's.
  const changed = Object.keys(routes).includes(key) ? { ...routes, [key]: entry } : { ...others, [key]: entry };
  const spec = { routes: Object.keys(entry).length === 0 ? others : changed };
  if (route !== undefined) return validateDraft(draftOf(route, spec, true));
  return validateDraft({ apiVersion: sandbox.apiVersion, kind: 'Route', metadata: { name: sandbox.metadata.name, resourceVersion: 0 }, spec });
}

/**
 * A copy under another name that must not exist yet (H3): active, and held by nobody. Faults are not copied, nor are
 * annotations: they speak of the original.
 */
export function cloneDrafts(sandbox: StoredDocument<'Sandbox'>, route: StoredDocument<'Route'> | undefined, name: string): Draft[] {
  const { apiVersion } = sandbox;
  const metadata = { name, resourceVersion: 0, ...(sandbox.metadata.labels === undefined ? {} : { labels: sandbox.metadata.labels }) };
  const copy: Draft = { apiVersion, kind: 'Sandbox', metadata, spec: without(sandbox.spec, 'hold', 'run') };
  if (route === undefined) return [copy];
  const spec = withoutFaults(route.spec);
  if (Object.keys(spec.routes).length === 0) return [copy];
  return [copy, { apiVersion, kind: 'Route', metadata: { name, resourceVersion: 0 }, spec }];
}
