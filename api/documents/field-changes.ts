/** What a write changes, field by field. Pure. Values of secrets never appear. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldChange } from '#schema/http';
import { dotted } from '#schema/parse/explain';

/** A change with its path in parts, for those who have to follow it. */
export interface PathChange {
  path: string[];
  before?: unknown;
  after?: unknown;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Maps are compared key by key; everything else, lists included, as a whole. Sorted by path. */
export function pathChanges(before: unknown, after: unknown, path: string[] = []): PathChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const descend = (isMap(before) || before === undefined) && (isMap(after) || after === undefined);
  const keys = [...new Set([...Object.keys(isMap(before) ? before : {}), ...Object.keys(isMap(after) ? after : {})])].sort();
  if (descend && keys.length > 0) {
    return keys.flatMap((key) =>
      pathChanges(isMap(before) ? before[key] : undefined, isMap(after) ? after[key] : undefined, [...path, key]),
    );
  }
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

export interface Comparable {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: unknown;
}

export const shown = (document: Comparable | undefined): Record<string, unknown> =>
  document === undefined
    ? {}
    : {
        metadata: { labels: document.metadata?.labels ?? {}, annotations: document.metadata?.annotations ?? {} },
        spec: document.spec,
      };

/** A secret is a reference once it is stored; a plain value is never passed on. */
export function masked<T extends object>(change: T & { path: string[] }): T & { path: string[] } {
  if (change.path[0] !== 'spec' || change.path[1] !== 'secrets') return change;
  const hide = (value: unknown): unknown => (typeof value === 'string' ? '(secret)' : value);
  return Object.fromEntries(Object.entries(change).map(([key, value]) => [key, key === 'path' ? change.path : hide(value)])) as T & { path: string[] };
}

/** Changes between two states of one document; `undefined` is one that does not exist. */
export function fieldChanges(before: Comparable | undefined, after: Comparable | undefined): FieldChange[] {
  return pathChanges(shown(before), shown(after))
    .filter((change) => !(isEmptyMap(change.before) && isEmptyMap(change.after)))
    .map(masked)
    .map((change) => ({ ...change, path: dotted(change.path) }));
}

export function isEmptyMap(value: unknown): boolean {
  return value === undefined || (isMap(value) && Object.keys(value).length === 0);
}
