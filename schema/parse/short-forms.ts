/** The short forms that people already write (D11), turned into whole documents. */
import { API_VERSION } from '../documents.ts';
import { SdpError } from '../errors.ts';

export interface Expanded {
  value: unknown;
  /** Where a path of the whole document stands in the text that was written. */
  sourcePath(path: readonly string[]): string[];
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function named(kind: 'Sandbox' | 'Template', key: 'sandbox' | 'template', value: Record<string, unknown>): Expanded {
  const { [key]: name, ...spec } = value;
  return {
    value: { apiVersion: API_VERSION, kind, metadata: { name }, spec },
    sourcePath: (path) => {
      if (path[0] === 'metadata') return [key];
      return path[0] === 'spec' ? path.slice(1) : [...path];
    },
  };
}

function isRouteMap(value: Record<string, unknown>): boolean {
  const entries = Object.values(value);
  return entries.length > 0 && entries.every((entry) => isMap(entry) && ('target' in entry || 'fault' in entry));
}

function lowerTarget(entry: unknown): unknown {
  if (!isMap(entry) || typeof entry['target'] !== 'string') return entry;
  const lower = entry['target'].toLowerCase();
  return lower === 'ocp' || lower === 'sandbox' ? { ...entry, target: lower } : entry;
}

function routes(value: Record<string, unknown>, sandbox: string | undefined): Expanded {
  if (sandbox === undefined) {
    throw new SdpError('invalid_document', 'A map of routes does not say which sandbox it is for.', {
      hint: 'Give --sandbox NAME, or put it after the sandbox\'s own document in the same file.',
    });
  }
  const entries = Object.fromEntries(Object.entries(value).map(([service, entry]) => [service, lowerTarget(entry)]));
  return {
    value: { apiVersion: API_VERSION, kind: 'Route', metadata: { name: sandbox }, spec: { routes: entries } },
    sourcePath: (path) => (path[0] === 'spec' ? path.slice(2) : []),
  };
}

/**
 * @param sandbox the sandbox that a map of routes belongs to, if one is known
 * @throws SdpError invalid_document when a map of routes belongs to no sandbox
 */
export function expandShortForm(value: unknown, sandbox: string | undefined): Expanded {
  if (isMap(value) && !('apiVersion' in value) && !('kind' in value)) {
    if (typeof value['sandbox'] === 'string') return named('Sandbox', 'sandbox', value);
    if (typeof value['template'] === 'string') return named('Template', 'template', value);
    if (isRouteMap(value)) return routes(value, sandbox);
  }
  return { value, sourcePath: (path) => [...path] };
}
