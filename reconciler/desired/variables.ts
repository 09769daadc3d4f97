/** Variables and files of one service, in layers; a later layer wins. */
import type { FileContent, StoredDocument } from '#schema/documents';
import type { ValueLayer } from '#schema/http';
import { bytesOf, entryBytes, MAX_ENTRY_BYTES, MAX_VALUE_BYTES, MAX_VARIABLES_BYTES } from '#schema/limits';
import { slugOf } from '#schema/names';
import type { Problem, VariableSource } from '../model.ts';

export interface Layers {
  /** Names of the catalogue's environments: what the baseline uses. */
  baseline: readonly string[];
  /** Names of the sandbox's environments. */
  sandbox: readonly string[];
  /** Names of the service's own environments. */
  service: readonly string[];
  /** The sandbox's variables, then the service's own. */
  own: readonly [sandbox: Record<string, string> | undefined, service: Record<string, string> | undefined];
}

/** Where a value comes from. */
export interface Origin {
  layer: ValueLayer;
  /** Name of the environment; absent for a document's own variables. */
  environment?: string;
}

export interface Given<T> {
  origin: Origin;
  value: T;
}

export interface Layered {
  variables: Record<string, VariableSource>;
  files: Record<string, FileContent>;
  /** Everything that was given for a name, in the order of layers: the last one wins. */
  given: ReadonlyMap<string, readonly Given<VariableSource>[]>;
  /** The same for files, by path. */
  givenFiles: ReadonlyMap<string, readonly Given<FileContent>[]>;
  problem: Problem | undefined;
}

/** Lays environments and variables over each other. `{sandbox}` and `{service}` become the slugs, in open values only. */
export function layerVariables(
  layers: Layers,
  environments: ReadonlyMap<string, StoredDocument<'Environment'>>,
  names: { sandbox: string; service: string },
): Layered {
  const given = new Map<string, Given<VariableSource>[]>();
  const givenFiles = new Map<string, Given<FileContent>[]>();
  const problems: Problem[] = [];
  const plain = (origin: Origin, variables: Record<string, string> | undefined): void => {
    for (const [name, raw] of Object.entries(variables ?? {})) {
      const value = raw.replaceAll('{sandbox}', names.sandbox).replaceAll('{service}', names.service);
      push(given, name, { origin, value: { kind: 'plain', value } });
    }
  };
  const environment = (name: string, layer: ValueLayer): void => {
    const document = environments.get(slugOf(name));
    if (!document) {
      const reason = `${names.service} uses the environment ${name}, which does not exist; create it or leave it out.`;
      problems.push({ code: 'unknown_environment', reason });
      return;
    }
    const { spec, metadata } = document;
    const origin = { layer, environment: metadata.name };
    plain(origin, spec.variables);
    for (const [key, secret] of Object.entries(spec.secrets ?? {})) {
      const version = typeof secret === 'string' ? 0 : secret.version;
      push(given, key, { origin, value: { kind: 'secret', environmentUid: metadata.uid, name: key, version } });
    }
    for (const [path, content] of Object.entries(spec.files ?? {})) push(givenFiles, path, { origin, value: content });
  };
  for (const name of layers.baseline) environment(name, 'defaults');
  for (const name of layers.sandbox) environment(name, 'sandbox');
  for (const name of layers.service) environment(name, 'service');
  plain({ layer: 'sandbox' }, layers.own[0]);
  plain({ layer: 'service' }, layers.own[1]);
  const variables = winners(given);
  return { variables, files: winners(givenFiles), given, givenFiles, problem: problems[0] ?? tooLarge(variables, given, names.service) };
}

function push<T>(all: Map<string, Given<T>[]>, name: string, one: Given<T>): void {
  const before = all.get(name);
  if (before) before.push(one);
  else all.set(name, [one]);
}

function winners<T>(all: ReadonlyMap<string, readonly Given<T>[]>): Record<string, T> {
  const entries = [...all].flatMap(([name, list]): [string, T][] => {
    const last = list.at(-1);
    return last === undefined ? [] : [[name, last.value]];
  });
  // Entries, not assignment: a variable may be called __proto__.
  return Object.fromEntries(entries);
}

/** What no process can be started with. Secrets count when they are opened, which a plan never does. */
function tooLarge(variables: Readonly<Record<string, VariableSource>>, given: Layered['given'], service: string): Problem | undefined {
  let total = 0;
  for (const [name, source] of Object.entries(variables)) {
    if (source.kind === 'secret') continue;
    const origin = given.get(name)?.at(-1)?.origin;
    const from = origin === undefined ? '' : ` (from ${originWords(origin, service)})`;
    const bytes = bytesOf(source.value);
    if (bytes > MAX_VALUE_BYTES || bytes + bytesOf(name) + 2 > MAX_ENTRY_BYTES) {
      return {
        code: 'value_too_large',
        reason: `The variable ${name} of ${service}${from} is longer than 120 KiB; put the value into "files" of an environment.`,
      };
    }
    total += entryBytes(name, source.value);
  }
  return total > MAX_VARIABLES_BYTES ? { code: 'value_too_large', reason: totalTooLarge(service, total) } : undefined;
}

/** Why no process can be started with so many variables. @param total bytes */
export function totalTooLarge(service: string, total: number): string {
  const kib = (bytes: number): number => Math.ceil(bytes / 1024);
  return `The variables of ${service} take ${kib(total)} KiB together; Linux starts no process with more than 2 MiB of arguments and variables, of which ${kib(MAX_VARIABLES_BYTES)} KiB are for these. Put the largest into "files" of an environment.`;
}

/** Where a value comes from, for people. */
export function originWords({ layer, environment }: Origin, service: string): string {
  switch (layer) {
    case 'defaults':
      return `environment ${environment}, a default of ${service}`;
    case 'sandbox':
      return environment === undefined ? 'variables of the sandbox' : `environment ${environment} of the sandbox`;
    case 'service':
      return environment === undefined ? `variables of ${service} in the sandbox` : `environment ${environment} of ${service} in the sandbox`;
    case 'injected':
      return 'SDP itself';
  }
}
