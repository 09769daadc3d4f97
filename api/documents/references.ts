/** Checks beyond the schema: what a document refers to must exist, and a route must lead somewhere. Pure. */
import type { Draft, SandboxSpec, TemplateSpec } from '#schema/documents';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import { suggestion } from '#schema/parse/near';
import { hasBranch, isOpen, names, safeSlug, unknownService, type ReferenceMistake } from './reference-mistake.ts';
import { routeMistakes } from './route-mistakes.ts';
import { brokenByService, brokenTemplate } from './upstreams-mistakes.ts';
import type { World } from './world.ts';

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

function ofSandbox(name: string, spec: SandboxSpec | TemplateSpec, world: World): ReferenceMistake[] {
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
    ...brokenTemplate(spec.gateway?.upstreamsFile, world, { sandbox: slugOf(name), service: GATEWAY_SERVICE }, ['spec', 'gateway', 'upstreamsFile']),
    ...services,
    ...unknownEnvironments(world, spec.environments, ['spec', 'environments']),
  ];
}

/** What is wrong with one draft's references; an empty list when nothing. @param drafts all that are written together */
export function referenceMistakes(draft: Draft, world: World, drafts: readonly Draft[]): ReferenceMistake[] {
  switch (draft.kind) {
    case 'Sandbox':
    case 'Template':
      return ofSandbox(draft.metadata.name, draft.spec, world);
    case 'Route':
      return routeMistakes(draft, world);
    case 'Service':
      return [
        ...unknownEnvironments(world, draft.spec.environments, ['spec', 'environments']),
        // Which sandboxes it will be rendered for is not known yet.
        ...brokenTemplate(draft.spec.upstreamsFile, world, { sandbox: 'sandbox', service: slugOf(draft.metadata.name) }, ['spec', 'upstreamsFile']),
        ...brokenByService(draft, world, drafts),
      ];
    case 'Environment':
    case 'Snapshot':
      return [];
  }
}
