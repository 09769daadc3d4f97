/** What a sandbox wants, from its document and everything that it refers to. */
import type { Limits, SandboxService, StoredDocument } from '#schema/documents';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import type { Defaults } from '../contract.ts';
import type { Desired, Inputs, Problem, Source, WantedService } from '../model.ts';
import { memoryBytes } from './memory.ts';
import { resolveSource } from './resolution.ts';
import { layerVariables } from './variables.ts';

/** Port of a service whose catalogue entry names none. */
const DEFAULT_PORT = 8080;

/** Pure: equal inputs, equal wishes. */
export function desiredOf(inputs: Inputs, defaults: Defaults): Desired {
  const { metadata, spec } = inputs.sandbox;
  const services = [wantedGateway(inputs, defaults)];
  const named = Object.entries(spec.services ?? {})
    .map(([name, service]) => ({ name: slugOf(name), service }))
    .filter(({ service }) => service.use_ocp !== true && (service.branch !== undefined || service.commit !== undefined))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, service } of named) {
    if (name !== GATEWAY_SERVICE) services.push(wantedService(inputs, name, service));
  }
  return {
    ref: { uid: metadata.uid, slug: metadata.slug, name: metadata.name },
    generation: metadata.generation,
    revision: metadata.revision,
    changedBy: metadata.updatedBy,
    suspended: spec.run === 'suspended',
    deleting: metadata.deletedAt !== undefined,
    services,
  };
}

function wantedGateway(inputs: Inputs, defaults: Defaults): WantedService {
  const gateway = inputs.sandbox.spec.gateway ?? {};
  const entry = inputs.catalogue.get(GATEWAY_SERVICE);
  const repository = gateway.repository ?? defaults.gateway.repository;
  const source = gateway.commit === undefined ? { branch: gateway.branch ?? defaults.gateway.branch } : {};
  return wanted(inputs, GATEWAY_SERVICE, 'gateway', repository, { ...gateway, ...source }, entry, undefined);
}

function wantedService(inputs: Inputs, name: string, service: SandboxService): WantedService {
  const entry = inputs.catalogue.get(name);
  const problem: Problem | undefined = entry
    ? undefined
    : {
        code: 'unknown_service',
        reason: `The catalogue has no service ${name}; create it, or take it out of the sandbox.`,
      };
  return wanted(inputs, name, 'service', entry?.spec.repository ?? name, service, entry, problem);
}

function wanted(
  inputs: Inputs,
  name: string,
  kind: WantedService['kind'],
  repository: string,
  service: SandboxService,
  entry: StoredDocument<'Service'> | undefined,
  problem: Problem | undefined,
): WantedService {
  const { metadata, spec } = inputs.sandbox;
  const layered = layerVariables(
    {
      baseline: entry?.spec.environments ?? [],
      environments: [...(spec.environments ?? []), ...(service.environments ?? [])],
      own: [spec.variables, service.variables],
    },
    inputs.environments,
    { sandbox: metadata.slug, service: name },
  );
  const shared = (entry?.spec.sharedState ?? []).filter((variable) => layered.fromBaseline.has(variable));
  return {
    service: name,
    kind,
    repository,
    source: sourceOf(inputs, name, repository, service),
    run: service.run ?? 'started',
    pin: service.node,
    variables: layered.variables,
    files: layered.files,
    limits: limitsOf(service.resources, spec.limits),
    port: entry?.spec.port ?? DEFAULT_PORT,
    health: entry?.spec.health,
    replace: entry?.spec.replace ?? 'beside',
    problem: problem ?? layered.problem,
    warnings: shared.map(
      (variable) => `${name} keeps the baseline's value of ${variable}: it works on state that others use.`,
    ),
  };
}

function sourceOf(inputs: Inputs, service: string, repository: string, want: SandboxService): Source {
  if (want.commit !== undefined) return { kind: 'commit', commit: want.commit, branch: want.branch ?? '' };
  const { updatedBy } = inputs.sandbox.metadata;
  return resolveSource({ service, repository, branch: want.branch ?? '' }, inputs.resolutions, updatedBy);
}

/** A service's own limits; what it leaves open is bounded by the sandbox's. */
function limitsOf(own: Limits | undefined, sandbox: Limits | undefined): WantedService['limits'] {
  const cpu = own?.cpu ?? sandbox?.cpu;
  const memory = own?.memory ?? sandbox?.memory;
  const bytes = memory === undefined ? undefined : memoryBytes(memory);
  return { ...(cpu === undefined ? {} : { cpu }), ...(bytes === undefined ? {} : { memoryBytes: bytes }) };
}
