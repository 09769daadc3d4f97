/** What two people did to one document, field by field. Pure. Values of secrets never appear. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldConflict } from '#schema/errors';
import { dotted } from '#schema/parse/explain';
import { isEmptyMap, masked, pathChanges, shown, type Comparable } from './field-changes.ts';

function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const part of path) found = typeof found === 'object' && found !== null && Object.hasOwn(found, part) ? (found as Record<string, unknown>)[part] : undefined;
  return found;
}

const isWithin = (path: readonly string[], outer: readonly string[]): boolean =>
  path.length > outer.length && outer.every((part, index) => path[index] === part);

/**
 * Every field that somebody changed, sorted by path.
 * @param base undefined where it is not known any more: then every difference is one to decide
 */
export function threeWay(base: Comparable | undefined, theirs: Comparable | undefined, yours: Comparable): FieldConflict[] {
  const [was, stored, wanted] = [base, theirs, yours].map(shown);
  const all = base === undefined ? pathChanges(stored, wanted) : [...pathChanges(was, stored), ...pathChanges(was, wanted)];
  const paths = new Map(all.map(({ path }) => [JSON.stringify(path), path]));
  return [...paths.values()]
    .filter((path) => ![...paths.values()].some((outer) => isWithin(path, outer)))
    .map((path) => ({ path, base: at(was, path), theirs: at(stored, path), yours: at(wanted, path) }))
    .filter(({ base: before, theirs: other, yours: own }) => ![before, other, own].every(isEmptyMap))
    .map((field) => ({ ...masked(field), verdict: verdictOf(field, base !== undefined) }))
    .map(({ path, verdict, ...values }) => ({ path: dotted(path), ...given(values), verdict }))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function verdictOf(field: { base: unknown; theirs: unknown; yours: unknown }, baseKnown: boolean): FieldConflict['verdict'] {
  const { base, theirs, yours } = field;
  if (isDeepStrictEqual(theirs, yours)) return 'same';
  if (!baseKnown) return 'conflicting';
  if (isDeepStrictEqual(base, theirs)) return 'yours';
  return isDeepStrictEqual(base, yours) ? 'theirs' : 'conflicting';
}

function given(values: { base?: unknown; theirs?: unknown; yours?: unknown }): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
