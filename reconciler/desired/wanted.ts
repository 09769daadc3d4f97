/** What a sandbox wants, from its document and everything that it refers to. */
import type { Limits, SandboxService, StoredDocument, UpstreamsFile } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import type { Defaults } from '../contract.ts';
import type { Desired, Inputs, Problem, Source, WantedService } from '../model.ts';
import { peersOf } from '../upstreams/peers.ts';
import { clashOf, renderUpstreams } from '../upstreams/render.ts';
import { durationSeconds } from './duration.ts';
import { memoryBytes } from './memory.ts';
import { resolveSource } from './resolution.ts';
import { sharedStateWarnings } from './shared-state.ts';
import { layerVariables, type Layered } from './variables.ts';

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
  service: SandboxService & { upstreamsFile?: UpstreamsFile },
  entry: StoredDocument<'Service'> | undefined,
  problem: Problem | undefined,
): WantedService {
  const { spec } = inputs.sandbox;
  const layered = layeredOf(inputs, name, service);
  const made = upstreamsOf(inputs, name, service.upstreamsFile ?? entry?.spec.upstreamsFile, layered);
  return {
    service: name,
    kind,
    repository,
    source: sourceOf(inputs, name, repository, service),
    run: service.run ?? 'started',
    pin: service.node,
    variables: layered.variables,
    files: layered.files,
    ...(made?.upstreams === undefined ? {} : { upstreams: made.upstreams }),
    limits: limitsOf(service.resources, spec.limits),
    port: entry?.spec.port ?? DEFAULT_PORT,
    health: entry?.spec.health,
    replace: entry?.spec.replace ?? 'beside',
    drainSeconds: entry?.spec.drain === undefined ? undefined : durationSeconds(entry.spec.drain),
    problem: problem ?? layered.problem ?? made?.problem,
    warnings: sharedStateWarnings(name, entry?.spec.sharedState ?? [], layered),
  };
}

/** What a service of the sandbox is given, with where each value comes from. */
export function layeredOf({ sandbox, catalogue, environments }: Inputs, service: string, want: Pick<SandboxService, 'environments' | 'variables'>): Layered {
  const { metadata, spec } = sandbox;
  const layers = {
    baseline: catalogue.get(service)?.spec.environments ?? [],
    sandbox: spec.environments ?? [],
    service: want.environments ?? [],
    own: [spec.variables, want.variables] as const,
  };
  return layerVariables(layers, environments, { sandbox: metadata.slug, service });
}

/** The file, or why there can be none. */
function upstreamsOf(
  inputs: Inputs,
  service: string,
  file: UpstreamsFile | undefined,
  { files, givenFiles }: Pick<Layered, 'files' | 'givenFiles'>,
): { upstreams: NonNullable<WantedService['upstreams']>; problem?: Problem } | undefined {
  if (file === undefined) return undefined;
  const catalogue = [...inputs.catalogue].map(([slug, { metadata, spec }]) => [slug, { name: metadata.name, spec }] as const);
  const variables = { services: peersOf(catalogue), sandbox: inputs.sandbox.metadata.slug, service };
  const other = clashOf(file.path, Object.keys(files));
  if (other !== undefined) {
    const owner = givenFiles.get(other)?.at(-1)?.origin.environment ?? '';
    const reason = `${service} gets ${file.path} twice over: from its upstreamsFile, and as ${other} from the files of the environment ${owner}. Give one of them another path.`;
    return { upstreams: { file, content: '' }, problem: { code: 'invalid_document', reason } };
  }
  try {
    return { upstreams: { file, content: renderUpstreams(file, variables) } };
  } catch (thrown) {
    const { code, message, hint } = SdpError.from(thrown);
    const reason = `The file ${file.path} of ${service} cannot be made: ${message}${hint === undefined ? '' : ` ${hint}`}`;
    return { upstreams: { file, content: '' }, problem: { code, reason } };
  }
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
