/** Checks beyond the schema: what a document refers to must exist, and a route must lead somewhere. Pure. */
import type { Draft, SandboxService, SandboxSpec, Services, TemplateSpec } from '#schema/documents';
import type { ErrorCode } from '#schema/errors';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import { suggestion } from '#schema/parse/near';
import type { World } from './world.ts';

export interface ReferenceMistake {
  code: ErrorCode;
  /** Keys from the document's root. */
  path: string[];
  message: string;
  hint?: string;
}

const names = (map: ReadonlyMap<string, { name: string }>): string[] => [...map.values()].map((entry) => entry.name);

/** A template's question: answered later. */
const isOpen = (text: string): boolean => text.includes('{{');

/** The same service under the key that people wrote. */
export function serviceOf(services: Services | undefined, service: string): SandboxService | undefined {
  const slug = slugOf(service);
  return Object.entries(services ?? {}).find(([name]) => safeSlug(name) === slug)?.[1];
}

export function hasBranch(service: SandboxService | undefined): boolean {
  return service?.use_ocp !== true && (service?.branch !== undefined || service?.commit !== undefined);
}

function safeSlug(name: string): string | undefined {
  try {
    return slugOf(name);
  } catch {
    return undefined;
  }
}

function unknownService(world: World, name: string, path: string[]): ReferenceMistake[] {
  if (isOpen(name)) return [];
  if (safeSlug(name) === GATEWAY_SERVICE) {
    return [{ code: 'unknown_service', path, message: '"gateway" is reserved: the gateway has its own section "gateway:".' }];
  }
  if (world.services.has(safeSlug(name) ?? '')) return [];
  const message = `there is no service "${name}" in the catalogue.${suggestion(name, names(world.services))}`;
  return [{ code: 'unknown_service', path, message, hint: 'See `sdp get services`, or apply a Service of that name.' }];
}

function unknownEnvironments(world: World, list: readonly string[] | undefined, path: string[]): ReferenceMistake[] {
  return (list ?? []).flatMap((name, index) => {
    if (isOpen(name) || world.environments.has(safeSlug(name) ?? '')) return [];
    const message = `there is no environment "${name}".${suggestion(name, names(world.environments))}`;
    return [{ code: 'unknown_environment' as const, path: [...path, String(index)], message, hint: 'See `sdp get environments`.' }];
  });
}

function unknownRepository(world: World, repository: string | undefined, path: string[]): ReferenceMistake[] {
  if (repository === undefined || isOpen(repository) || world.repositories === undefined) return [];
  if ([...world.repositories].some((known) => known.toLowerCase() === repository.toLowerCase())) return [];
  const message = `no agent has the repository "${repository}".${suggestion(repository, [...world.repositories])}`;
  return [{ code: 'unknown_repository', path, message, hint: 'Add it to `repositories:` in the file of the agent that has it.' }];
}

function ofSandbox(spec: SandboxSpec | TemplateSpec, world: World): ReferenceMistake[] {
  const services = Object.entries(spec.services ?? {}).flatMap(([name, service]) => {
    const path = ['spec', 'services', name];
    const unknown = unknownService(world, name, path);
    const entry = world.services.get(safeSlug(name) ?? '');
    const repository = hasBranch(service) ? entry?.repository : undefined;
    return [
      ...unknown,
      ...(unknown.length > 0 ? [] : unknownRepository(world, repository, path)),
      ...unknownEnvironments(world, service.environments, [...path, 'environments']),
    ];
  });
  return [
    ...unknownRepository(world, spec.gateway?.repository, ['spec', 'gateway', 'repository']),
    ...unknownEnvironments(world, spec.gateway?.environments, ['spec', 'gateway', 'environments']),
    ...services,
    ...unknownEnvironments(world, spec.environments, ['spec', 'environments']),
  ];
}

function ofRoute(draft: Extract<Draft, { kind: 'Route' }>, world: World): ReferenceMistake[] {
  const { name } = draft.metadata;
  const own = world.sandboxes.get(slugOf(name));
  if (own === undefined) {
    const message = `there is no sandbox "${name}" for these routes.${suggestion(name, names(world.sandboxes))}`;
    return [{ code: 'invalid_document', path: ['metadata', 'name'], message, hint: 'A Route has the name of its sandbox.' }];
  }
  return Object.entries(draft.spec.routes).flatMap(([service, entry]) => {
    const path = ['spec', 'routes', service];
    const unknown = unknownService(world, service, path);
    if (unknown.length > 0) return unknown;
    const { target } = entry;
    if (target === 'sandbox') return hasBranch(serviceOf(own.spec.services, service)) ? [] : [withoutBranch(service, own.name, path)];
    return typeof target !== 'object' ? [] : toOther(service, target.sandbox, world, [...path, 'target', 'sandbox']);
  });
}

function withoutBranch(service: string, sandbox: string, path: string[]): ReferenceMistake {
  return {
    code: 'route_without_branch',
    path,
    message: `${service} has no branch in ${sandbox}, so there is no container to route to.`,
    hint: `Give it one with --branch, such as \`sdp route set ${sandbox} ${service} sandbox --branch develop\`.`,
  };
}

function toOther(service: string, other: string, world: World, path: string[]): ReferenceMistake[] {
  const target = world.sandboxes.get(safeSlug(other) ?? '');
  if (target === undefined) {
    const message = `there is no sandbox "${other}".${suggestion(other, names(world.sandboxes))}`;
    return [{ code: 'invalid_document', path, message }];
  }
  return hasBranch(serviceOf(target.spec.services, service)) ? [] : [withoutBranch(service, target.name, path)];
}

/** What is wrong with one draft's references; an empty list when nothing. */
export function referenceMistakes(draft: Draft, world: World): ReferenceMistake[] {
  switch (draft.kind) {
    case 'Sandbox':
    case 'Template':
      return ofSandbox(draft.spec, world);
    case 'Route':
      return ofRoute(draft, world);
    case 'Service':
      return unknownEnvironments(world, draft.spec.environments, ['spec', 'environments']);
    case 'Environment':
      return [];
  }
}
