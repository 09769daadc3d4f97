/** Variables and files of one service, in layers; a later layer wins. */
import type { StoredDocument } from '#schema/documents';
import { slugOf } from '#schema/names';
import type { Problem, VariableSource } from '../model.ts';

/** Longest value in bytes: Linux takes 128 KiB with the name. */
export const MAX_VALUE_BYTES = 120 * 1024;

export interface Layers {
  /** Names of the catalogue's environments: what the baseline uses. */
  baseline: readonly string[];
  /** Names of the sandbox's, then of the service's environments. */
  environments: readonly string[];
  /** The sandbox's, then the service's own variables. */
  own: readonly (Record<string, string> | undefined)[];
}

export interface Layered {
  variables: Record<string, VariableSource>;
  files: Record<string, string>;
  /** Name of the environment that each file is of. */
  fileOwners: Record<string, string>;
  problem: Problem | undefined;
  /** Names whose value is still the baseline's. */
  fromBaseline: Set<string>;
}

/** Lays environments and variables over each other. `{sandbox}` and `{service}` become the slugs. */
export function layerVariables(
  layers: Layers,
  environments: ReadonlyMap<string, StoredDocument<'Environment'>>,
  names: { sandbox: string; service: string },
): Layered {
  const result: Layered = { variables: {}, files: {}, fileOwners: {}, problem: undefined, fromBaseline: new Set() };
  const plain = (name: string, raw: string): void => {
    const value = raw.replaceAll('{sandbox}', names.sandbox).replaceAll('{service}', names.service);
    if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
      result.problem ??= {
        code: 'value_too_large',
        reason: `The variable ${name} of ${names.service} is longer than 120 KiB; put the value into a file of an environment.`,
      };
    }
    result.variables[name] = { kind: 'plain', value };
  };
  const environment = (name: string, baseline: boolean): void => {
    const document = environments.get(slugOf(name));
    if (!document) {
      result.problem ??= {
        code: 'unknown_environment',
        reason: `${names.service} uses the environment ${name}, which does not exist; create it or leave it out.`,
      };
      return;
    }
    const { spec, metadata } = document;
    for (const [key, value] of Object.entries(spec.variables ?? {})) {
      plain(key, value);
      mark(key, baseline);
    }
    for (const [key, secret] of Object.entries(spec.secrets ?? {})) {
      const version = typeof secret === 'string' ? 0 : secret.version;
      result.variables[key] = { kind: 'secret', environmentUid: metadata.uid, name: key, version };
      mark(key, baseline);
    }
    for (const [path, content] of Object.entries(spec.files ?? {})) {
      result.files[path] = content;
      result.fileOwners[path] = metadata.name;
    }
  };
  const mark = (name: string, baseline: boolean): void => {
    if (baseline) result.fromBaseline.add(name);
    else result.fromBaseline.delete(name);
  };
  for (const name of layers.baseline) environment(name, true);
  for (const name of layers.environments) environment(name, false);
  for (const variables of layers.own) {
    for (const [name, value] of Object.entries(variables ?? {})) {
      plain(name, value);
      mark(name, false);
    }
  }
  return result;
}
