/** What is wrong with where a Route leads, and with its faults. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Draft, RouteEntry, SandboxSpec } from '#schema/documents';
import { faultEnd } from '#schema/faults';
import { slugOf } from '#schema/names';
import { suggestion } from '#schema/parse/near';
import { ownAddress } from './own-address.ts';
import { hasBranch, names, safeSlug, serviceOf, unknownService, type ReferenceMistake } from './reference-mistake.ts';
import type { World } from './world.ts';

type RouteDraft = Extract<Draft, { kind: 'Route' }>;

export function routeMistakes(draft: RouteDraft, world: World): ReferenceMistake[] {
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
    return [...targetMistakes(service, entry, own, world, path), ...faultMistakes(service, entry, own.name, world, path)];
  });
}

function targetMistakes(
  service: string,
  { target }: RouteEntry,
  own: { name: string; spec: SandboxSpec },
  world: World,
  path: string[],
): ReferenceMistake[] {
  if (target === undefined || target === 'ocp') return [];
  if (target === 'sandbox') return hasBranch(serviceOf(own.spec.services, service)) ? [] : [withoutBranch(service, own.name, path)];
  if (typeof target === 'string') return urlMistakes(service, target, own.name, world, [...path, 'target']);
  const at = [...path, 'target', 'sandbox'];
  return [...toOther(service, target.sandbox, world, at), ...circle(service, own.name, target.sandbox, world, at)];
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
    return [{ code: 'invalid_document', path, message, hint: 'See `sdp get sandboxes`.' }];
  }
  return hasBranch(serviceOf(target.spec.services, service)) ? [] : [withoutBranch(service, target.name, path)];
}

/** Follows the routes for one service from sandbox to sandbox until they end or come back. */
function circle(service: string, from: string, to: string, world: World, path: string[]): ReferenceMistake[] {
  const start = safeSlug(from);
  const way = [from];
  const seen = new Set<string>();
  for (let next: string | undefined = to; next !== undefined; next = nextSandbox(service, next, world)) {
    const slug = safeSlug(next);
    if (slug === undefined || seen.has(slug)) return [];
    seen.add(slug);
    way.push(world.sandboxes.get(slug)?.name ?? next);
    if (slug !== start) continue;
    const itself = way.length === 2;
    const message = itself
      ? `${service} of ${from} is routed to ${from} itself.`
      : `${service} is routed in a circle: ${way.join(' -> ')}.`;
    const hint = itself
      ? 'Say `sandbox` for the container of this sandbox, or `ocp`.'
      : `Route ${service} of one of them to \`sandbox\` or \`ocp\`.`;
    return [{ code: 'invalid_document', path, message, hint }];
  }
  return [];
}

function nextSandbox(service: string, sandbox: string, world: World): string | undefined {
  const routes = world.routes.get(safeSlug(sandbox) ?? '')?.spec.routes ?? {};
  const target = Object.entries(routes).find(([name]) => safeSlug(name) === safeSlug(service))?.[1].target;
  return typeof target === 'object' ? target.sandbox : undefined;
}

function urlMistakes(service: string, url: string, sandbox: string, world: World, path: string[]): ReferenceMistake[] {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) {
    return [{ code: 'invalid_document', path, message: `the URL for ${service} cannot be read.`, hint: 'Such as https://payment.company.com or http://10.1.2.3:8080/base.' }];
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return [{ code: 'invalid_document', path, message: `the URL for ${service} holds a user name or password.`, hint: 'Take them out: documents are kept and shown to everybody.' }];
  }
  const what = ownAddress(parsed, world);
  if (what === undefined) return [];
  return [
    {
      code: 'invalid_document',
      path,
      message: `the URL for ${service} leads to SDP itself: ${parsed.host} is ${what}.`,
      hint: `For another sandbox's service say \`sdp route set ${sandbox} ${service} sandbox:NAME\`, else name the service's own address.`,
    },
  ];
}

/** A fault that stood there before and has ended is no reason to refuse what else is written. */
function faultMistakes(service: string, { fault }: RouteEntry, sandbox: string, world: World, path: string[]): ReferenceMistake[] {
  if (fault?.until === undefined || isDeepStrictEqual(fault, storedFault(service, sandbox, world))) return [];
  const end = faultEnd(fault, '');
  if (end > world.now) return [];
  const why = Number.isNaN(end) ? 'is no date' : 'is past';
  const message = `the fault of ${service} is to end at ${fault.until}, which ${why}.`;
  return [{ code: 'invalid_document', path: [...path, 'fault', 'until'], message, hint: 'Give a time to come, or leave it out: then it ends one hour after this write.' }];
}

function storedFault(service: string, sandbox: string, world: World): unknown {
  const routes = world.storedRoutes.get(safeSlug(sandbox) ?? '')?.routes ?? {};
  return Object.entries(routes).find(([name]) => safeSlug(name) === safeSlug(service))?.[1].fault;
}
