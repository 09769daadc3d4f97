/** A snapshot as one file of readable text; only the values of secrets are sealed. */
import { parseDocument } from 'yaml';
import { API_VERSION, type EnvironmentSpec, type Kind, type SnapshotSpec } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { validateDraft } from '#schema/parse/parse-documents';
import { writeYaml } from '#schema/parse/write-yaml';
import { hashOf } from '#reconciler/canonical';
import { referencesOf } from './environments.ts';
import { openSealed, sealText, type Sealed } from './seal-file.ts';

export const FILE_FORMAT = 'sdp-snapshot';
/** Rises when a reader of before could not read it right. */
export const FILE_VERSION = 1;

/** Plain values by environment and name. Never leaves the server. */
export type SecretValues = Record<string, Record<string, string>>;

interface Contents {
  format: typeof FILE_FORMAT;
  version: number;
  name: string;
  snapshot: SnapshotSpec;
}

/** The file's text. Without a passphrase it has no secrets. @throws SdpError invalid_request for a short passphrase */
export async function writeFileText(name: string, snapshot: SnapshotSpec, secrets: { values: SecretValues; passphrase: string } | undefined): Promise<string> {
  const contents: Contents = { format: FILE_FORMAT, version: FILE_VERSION, name, snapshot };
  const beside = hashOf(contents);
  const sealed = secrets === undefined ? undefined : await sealText(JSON.stringify(secrets.values), secrets.passphrase, beside);
  const body = { ...contents, ...(sealed === undefined ? {} : { secrets: sealed }) };
  return `${header(name, snapshot, sealed !== undefined)}${writeYaml({ ...body, checksum: checksumOf(body) })}`;
}

/** For people who open it: what it is and what it takes. */
function header(name: string, snapshot: SnapshotSpec, sealed: boolean): string {
  const needed = secretNames(snapshot);
  const lines = [
    `Snapshot ${name} of sandbox ${snapshot.sandbox.name}, taken by ${snapshot.takenBy} at ${snapshot.takenAt}.`,
    'Import it with: sdp snapshot import THIS-FILE',
    'It holds no images. The other installation needs these commits, which a login fetches there:',
    ...snapshot.commits.map(({ repository, branch, commit }) => `  ${repository} ${commit}${branch === '' ? '' : ` (${branch})`}`),
    ...(needed.length === 0 ? [] : [sealed ? `Sealed with a passphrase: ${needed.join(', ')}.` : `Left out, to be set there: ${needed.join(', ')}.`]),
  ];
  // A line break in a name would end the comment.
  return lines.map((line) => `# ${line.replace(/[\u0000-\u001f\u007f]+/g, ' ')}\n`).join('');
}

/** `environment/NAME` of every secret. */
export function secretNames(snapshot: SnapshotSpec): string[] {
  return snapshot.environments.flatMap(({ name, spec }) => Object.keys(referencesOf(spec)).map((secret) => `${name}/${secret}`));
}

const checksumOf = (body: object): string => `sha256:${hashOf(body)}`;

export interface FileContents {
  name: string;
  snapshot: SnapshotSpec;
  /** Absent where the file has none. */
  values: SecretValues | undefined;
}

/**
 * Reads a file whole, or not at all.
 * @throws SdpError invalid_yaml, invalid_document: no snapshot, of a newer release, cut off, changed; invalid_request
 * for a passphrase that is wrong or missing
 */
export async function readFileText(text: string, passphrase: string | undefined): Promise<FileContents> {
  const body = bodyOf(text);
  const { checksum, secrets, ...rest } = body;
  if (typeof checksum !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(checksum)) throw cutOff();
  if (checksum !== checksumOf({ ...rest, ...(secrets === undefined ? {} : { secrets }) })) {
    throw new SdpError('invalid_document', 'The file was changed or damaged since it was exported: its checksum is another.', { hint: 'Export it again.' });
  }
  const { name, snapshot } = rest as unknown as Contents;
  const spec = validated(name, snapshot);
  if (secrets === undefined) return { name, snapshot: spec, values: undefined };
  if (passphrase === undefined) {
    throw new SdpError('invalid_request', `The file has sealed secrets: ${secretNames(spec).join(', ')}.`, {
      hint: 'Give the passphrase with --passphrase-file FILE, or leave them out with --without-secrets.',
    });
  }
  const opened = await openSealed(secrets as Sealed, passphrase, hashOf(rest));
  return { name, snapshot: spec, values: JSON.parse(opened) as SecretValues };
}

/** As `readFileText`, and leaves sealed secrets sealed. */
export async function readFileWithoutSecrets(text: string): Promise<FileContents> {
  const { secrets: _sealed, checksum: _sum, ...rest } = bodyOf(text);
  return readFileText(writeYaml({ ...rest, checksum: checksumOf(rest) }), undefined);
}

function bodyOf(text: string): Record<string, unknown> {
  const document = parseDocument(text);
  const [mistake] = document.errors;
  if (mistake !== undefined) {
    if (text.includes(`format: ${FILE_FORMAT}`) && !/^checksum:/m.test(text)) throw cutOff();
    throw new SdpError('invalid_yaml', `The file cannot be read: ${mistake.message.split('\n')[0] ?? ''}`);
  }
  const body = plain(document);
  if (typeof body !== 'object' || body === null || (body as { format?: unknown }).format !== FILE_FORMAT) {
    throw new SdpError('invalid_document', 'The file is no snapshot.', { hint: '`sdp snapshot export NAME -o FILE` writes one.' });
  }
  const { version } = body as { version?: unknown };
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) throw new SdpError('invalid_document', 'The file does not say of which version it is.');
  if (version > FILE_VERSION) {
    throw new SdpError('invalid_document', `The file is of version ${version}; this release of SDP reads up to ${FILE_VERSION}.`, { hint: 'Update this installation, or export it with the older one.' });
  }
  return body as Record<string, unknown>;
}

/** SDP writes no aliases; a file with some could unfold without end. */
function plain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 }) as unknown;
  } catch {
    throw new SdpError('invalid_yaml', 'The file cannot be read: it uses YAML aliases.');
  }
}

function cutOff(): SdpError {
  return new SdpError('invalid_document', 'The file is cut off: its end is missing.', { hint: 'Copy or export it again.' });
}

/** Everything in it is checked like what a person writes: also the documents inside, as this release knows them. */
function validated(name: string, snapshot: SnapshotSpec): SnapshotSpec {
  const draft = validateDraft({ apiVersion: API_VERSION, kind: 'Snapshot', metadata: { name }, spec: snapshot });
  if (draft.kind !== 'Snapshot') throw new SdpError('invalid_document', 'The file is no snapshot.');
  const { sandbox, route, environments, services } = draft.spec;
  const inside: [Kind, { name: string; spec: unknown }][] = [
    ['Sandbox', sandbox],
    ...(route === undefined ? [] : [['Route', route] as [Kind, typeof route]]),
    ...environments.map((one): [Kind, typeof one] => ['Environment', one]),
    ...services.map((one): [Kind, typeof one] => ['Service', one]),
  ];
  for (const [kind, one] of inside) validateDraft({ apiVersion: API_VERSION, kind, metadata: { name: one.name }, spec: one.spec });
  for (const { name: environment, spec } of environments) assertReferences(environment, spec);
  return draft.spec;
}

function assertReferences(environment: string, { secrets = {} }: EnvironmentSpec): void {
  const open = Object.keys(secrets).filter((name) => typeof secrets[name] === 'string');
  if (open.length > 0) throw new SdpError('invalid_document', `The file holds ${open.join(', ')} of environment ${environment} in the open.`);
}
