/** A mistake that the schema cannot see, and what the checks share. Pure. */
import type { SandboxService, Services } from '#schema/documents';
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

export const names = (map: ReadonlyMap<string, { name: string }>): string[] => [...map.values()].map((entry) => entry.name);

/** A template's question: answered later. */
export const isOpen = (text: string): boolean => text.includes('{{');

/** The same service under the key that people wrote. */
export function serviceOf(services: Services | undefined, service: string): SandboxService | undefined {
  const slug = slugOf(service);
  return Object.entries(services ?? {}).find(([name]) => safeSlug(name) === slug)?.[1];
}

export function hasBranch(service: SandboxService | undefined): boolean {
  return service?.use_ocp !== true && (service?.branch !== undefined || service?.commit !== undefined);
}

export function safeSlug(name: string): string | undefined {
  try {
    return slugOf(name);
  } catch {
    return undefined;
  }
}

export function unknownService(world: World, name: string, path: string[]): ReferenceMistake[] {
  if (isOpen(name)) return [];
  if (safeSlug(name) === GATEWAY_SERVICE) {
    return [{ code: 'unknown_service', path, message: '"gateway" is reserved: the gateway has its own section "gateway:".' }];
  }
  if (world.services.has(safeSlug(name) ?? '')) return [];
  const message = `there is no service "${name}" in the catalogue.${suggestion(name, names(world.services))}`;
  return [{ code: 'unknown_service', path, message, hint: 'See `sdp get services`, or apply a Service of that name.' }];
}
