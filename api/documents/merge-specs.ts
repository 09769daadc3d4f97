/** What changed on one side, carried over to another side that changed too. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { SandboxSpec } from '#schema/documents';
import { pathChanges } from './field-changes.ts';

export interface MergeConflict {
  path: string[];
  /** As it is here. */
  mine: unknown;
  /** As it would be. */
  theirs: unknown;
}

type Tree = Record<string, unknown>;
const isMap = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What says where a service comes from goes together: a branch of one side never meets a commit of the other. */
const SOURCE = ['branch', 'commit', 'use_ocp'] as const;
const TOGETHER = ' source';

function packed(entry: unknown): unknown {
  if (!isMap(entry)) return entry;
  const rest = Object.fromEntries(Object.entries(entry).filter(([key]) => !(SOURCE as readonly string[]).includes(key)));
  return { ...rest, [TOGETHER]: SOURCE.map((key) => entry[key] ?? null) };
}

function unpacked(entry: unknown): unknown {
  if (!isMap(entry) || !Array.isArray(entry[TOGETHER])) return entry;
  const { [TOGETHER]: source, ...rest } = entry;
  const values = source as unknown[];
  const given = SOURCE.flatMap((key, index) => (values[index] === null ? [] : [[key, values[index]] as const]));
  return { ...Object.fromEntries(given), ...rest };
}

function eachService(spec: Tree, change: (entry: unknown) => unknown): Tree {
  const services = isMap(spec['services']) ? { services: Object.fromEntries(Object.entries(spec['services']).map(([name, entry]) => [name, change(entry)])) } : {};
  const gateway = spec['gateway'] === undefined ? {} : { gateway: change(spec['gateway']) };
  return { ...spec, ...services, ...gateway };
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), tree);
}

/** The tree with a value at a path, or without one; maps that this leaves empty go too. */
function withValue(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [key, ...deeper] = path;
  if (key === undefined) return tree;
  const inner = deeper.length === 0 ? value : withValue(isMap(tree[key]) ? tree[key] : {}, deeper, value);
  const empty = inner === undefined || (deeper.length > 0 && value === undefined && isMap(inner) && Object.keys(inner).length === 0);
  const { [key]: _before, ...others } = tree;
  if (empty) return others;
  // In place: the order of a document is its author's.
  return key in tree ? { ...tree, [key]: inner } : { ...others, [key]: inner };
}

/**
 * Carries the changes from `base` to `theirs` over to `mine`. Where both sides changed one field differently, mine
 * stays and is told of, unless `takeTheirs`.
 */
export function mergeSpecs(base: SandboxSpec, theirs: SandboxSpec, mine: SandboxSpec, takeTheirs: boolean): { spec: SandboxSpec; conflicts: MergeConflict[] } {
  const [from, to] = [eachService({ ...base }, packed), eachService({ ...theirs }, packed)];
  let merged = eachService({ ...mine }, packed);
  const conflicts: MergeConflict[] = [];
  for (const { path, before, after } of pathChanges(from, to)) {
    const now = valueAt(merged, path);
    if (isDeepStrictEqual(now, after)) continue;
    if (isDeepStrictEqual(now, before) || takeTheirs) merged = withValue(merged, path, after);
    else conflicts.push(conflictOf(path, now, after));
  }
  return { spec: eachService(merged, unpacked) as SandboxSpec, conflicts };
}

function conflictOf(path: readonly string[], mine: unknown, theirs: unknown): MergeConflict {
  if (path.at(-1) !== TOGETHER) return { path: [...path], mine, theirs };
  const source = (value: unknown): unknown => (value === undefined ? undefined : unpacked({ [TOGETHER]: value }));
  return { path: path.slice(0, -1), mine: source(mine), theirs: source(theirs) };
}
