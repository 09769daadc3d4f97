/** What becomes of imported entries in an environment. Pure. */
import type { EnvironmentSpec, FileContent } from '#schema/documents';
import { SdpError, type Finding, type SourcePosition } from '#schema/errors';
import { suggestion } from '#schema/parse/near';
import { valueMistake } from '#schema/parse/sizes';
import { invalid } from '#schema/parse/validate-draft';
import type { Found, ImportItem } from './item.ts';
import { explainName, isVariableName } from './names.ts';

export interface ImportOptions {
  secrets: readonly string[];
  allSecrets: boolean;
  filesTo: string | undefined;
  rename: Readonly<Record<string, string>>;
  skip: readonly string[];
}

export interface Taken {
  /** Name of the variable, or path of the file. */
  name: string;
  as: 'variable' | 'secret' | 'file';
  bytes: number;
  from: string;
  /** Object or file that it comes from, without the line. */
  source: string;
}

export interface Imported {
  spec: EnvironmentSpec;
  taken: Taken[];
  notes: string[];
}

interface Entry extends Taken {
  value: Buffer;
  position: SourcePosition;
}

/**
 * The environment with the entries in it; what else is there stays. What is a secret, here or there, is never made open.
 * @throws SdpError invalid_document with a finding per entry that fits nowhere; invalid_request for options that name nothing
 */
export function importInto(before: EnvironmentSpec, { items, notes }: Found, options: ImportOptions): Imported {
  assertNamed(items, options);
  const findings: Finding[] = [];
  const entries = new Map<string, Entry>();
  const kept: string[] = [];
  for (const item of items) {
    if (options.skip.includes(item.key)) continue;
    const entry = entryOf(item, before, options, findings, kept);
    if (entry === undefined) continue;
    const other = entries.get(entry.name);
    if (other !== undefined && !other.value.equals(entry.value)) {
      findings.push({ ...item.position, message: `${entry.name} comes from ${other.from} and from ${entry.from}, with different values: take one with --only, or --rename or --skip the key.` });
    }
    entries.set(entry.name, entry);
  }
  if (findings.length > 0) throw invalid(findings);
  const made = [...entries.values()];
  return { spec: specWith(before, made), taken: made.map(({ value: _value, position: _position, ...taken }) => taken), notes: [...notes, ...kept] };
}

function assertNamed(items: readonly ImportItem[], { secrets, rename, skip }: ImportOptions): void {
  const keys = items.map(({ key }) => key);
  const names = [...keys, ...Object.values(rename)];
  const unknown = [...secrets.filter((name) => !names.includes(name)), ...[...Object.keys(rename), ...skip].filter((key) => !keys.includes(key))];
  const [first] = unknown;
  if (first !== undefined) throw new SdpError('invalid_request', `There is no "${first}" in what is imported.${suggestion(first, keys)}`);
}

const textOf = (bytes: Buffer): string | undefined => {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
};

function entryOf(item: ImportItem, before: EnvironmentSpec, options: ImportOptions, findings: Finding[], notes: string[]): Entry | undefined {
  const name = options.rename[item.key] ?? item.key;
  const place = [item.position.file, item.position.line].filter((part) => part !== undefined).join(':');
  // The name alone: folders are those of the person's own machine.
  const source = item.object ?? item.position.file?.replace(/^.*[\\/]/, '') ?? '';
  const from = item.object === undefined ? place : `${item.object}${place === '' ? '' : ` (${place})`}`;
  const base = { bytes: item.value.length, from, source, value: item.value, position: item.position };
  const wasSecret = before.secrets !== undefined && Object.hasOwn(before.secrets, name);
  const secret = item.secret || options.allSecrets || options.secrets.includes(name) || options.secrets.includes(item.key) || wasSecret;
  const text = textOf(item.value);
  const mistake = text === undefined ? 'is no text in UTF-8.' : valueMistake(name, text);
  if (isVariableName(name) && !item.binary && mistake === undefined) {
    if (wasSecret && !item.secret && !options.allSecrets && !options.secrets.includes(name)) notes.push(`${name} is a secret already and stays one.`);
    return { ...base, name, as: secret ? 'secret' : 'variable' };
  }
  const why = !isVariableName(name) ? 'cannot name a variable' : item.binary ? 'is binary' : (mistake ?? '').replace(/\.$/, '');
  const what = `${explainName(name)}${item.object === undefined ? '' : ` of ${item.object}`}`;
  if (secret) {
    findings.push({ ...item.position, message: `${what} ${why}, and files are no place for secrets, as everybody may read them: --rename ${item.key}=NAME makes it a secret variable where it is text, --skip ${item.key} leaves it out.` });
    return undefined;
  }
  if (options.filesTo === undefined) {
    findings.push({ ...item.position, message: `${what} ${why}: --files-to FOLDER makes it a file there, --rename ${item.key}=NAME a variable, --skip ${item.key} leaves it out.` });
    return undefined;
  }
  if (name.includes('/') || name === '.' || name === '..') {
    findings.push({ ...item.position, message: `${what} cannot name a file.` });
    return undefined;
  }
  return { ...base, name: `${options.filesTo.replace(/\/+$/, '')}/${name}`, as: 'file' };
}

function specWith(before: EnvironmentSpec, entries: readonly Entry[]): EnvironmentSpec {
  const of = (as: Taken['as']): Entry[] => entries.filter((entry) => entry.as === as);
  const names = (list: readonly Entry[]): Set<string> => new Set(list.map(({ name }) => name));
  const [variables, secrets, files] = [of('variable'), of('secret'), of('file')];
  // A name is a variable or a secret, never both.
  const merged = {
    variables: merge(before.variables, variables.map(({ name, value }) => [name, value.toString('utf8')]), names(secrets)),
    secrets: merge(before.secrets, secrets.map(({ name, value }) => [name, value.toString('utf8')]), names(variables)),
    files: merge(before.files, files.map(({ name, value }) => [name, contentOf(value)]), new Set()),
  };
  const rest = Object.entries(merged).filter(([, part]) => Object.keys(part).length > 0);
  return Object.fromEntries(rest) as EnvironmentSpec;
}

function contentOf(value: Buffer): FileContent {
  const text = textOf(value);
  return text === undefined || text.includes('\u0000') ? { base64: value.toString('base64') } : text;
}

/** Entries, not assignment: a variable may be called __proto__. */
function merge<T>(before: Readonly<Record<string, T>> | undefined, added: readonly (readonly [string, T])[], without: ReadonlySet<string>): Record<string, T> {
  const all = new Map<string, T>([...Object.entries(before ?? {}), ...added]);
  for (const name of without) all.delete(name);
  return Object.fromEntries(all);
}
