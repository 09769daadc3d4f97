/** Snapshots as tables and pages of text. */
import { kindOf, type SnapshotSpec, type StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { RestoreResponse, SnapshotComparison } from '#schema/http';
import type { ApiClient } from './client.ts';
import { age, paint, printAs, table, terminalWidth, wrap, type Format } from './output.ts';
import { resultLines } from './plan-text.ts';
import { changeLines } from './value-text.ts';

type Snapshot = StoredDocument<'Snapshot'>;

const origin = (spec: SnapshotSpec): string => (spec.importedAt === undefined ? spec.takenBy : `${spec.takenBy} (imported)`);

/** Room for reasons beside names that are shown whole. */
const LEAST_WHY = 12;

export function snapshotTable(documents: readonly Snapshot[], wide: boolean): string {
  const rows = documents.map(({ metadata, spec }) => [
    metadata.name,
    spec.sandbox.name,
    `${spec.commits.length}/${spec.commits.length + spec.unpinned.length}`,
    origin(spec),
    age(spec.takenAt),
  ]);
  const header = ['NAME', 'SANDBOX', 'PINNED', 'BY', 'AGE'];
  const taken = header.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)) + 2).reduce((sum, width) => sum + width, 0);
  const room = wide ? Number.POSITIVE_INFINITY : Math.max(LEAST_WHY, terminalWidth() - taken);
  const why = ({ message = '' }: SnapshotSpec): string => (message.length <= room ? message : `${message.slice(0, room - 1)}…`);
  return table([...header, 'WHY'], rows.map((row, index) => [...row, documents[index] === undefined ? '' : why(documents[index].spec)]), wide);
}

/** A paragraph that fits the terminal, indented. */
const paragraph = (text: string, indent = '  '): string[] => wrap(text, terminalWidth() - indent.length).map((line) => `${indent}${line}`);

export function describeSnapshot({ metadata, spec }: Snapshot): string {
  const { sandbox } = spec;
  const taken = `of ${sandbox.name}, generation ${sandbox.generation}, revision ${sandbox.revision}, by ${spec.takenBy}, ${age(spec.takenAt)} ago (${spec.takenAt})`;
  const lines = [paint('bold', metadata.name), ...paragraph(taken)];
  if (spec.message !== undefined) lines.push(...paragraph(`why: ${spec.message}`));
  if (spec.importedAt !== undefined) lines.push(...paragraph(`imported by ${spec.importedBy ?? 'somebody'} at ${spec.importedAt}, from installation ${spec.installation}`));
  const { template } = sandbox.spec;
  if (template !== undefined) lines.push(...paragraph(`from template ${template.name}, revision ${template.revision}`));
  lines.push('', table(['SERVICE', 'BRANCH', 'COMMIT', 'IMAGE', 'BY', 'SUBJECT'], commitRows(spec)));
  for (const { service, reason } of spec.unpinned) lines.push(...paragraph(paint('yellow', `not pinned: ${service}: ${reason}`), ''));
  const routes = Object.entries(spec.route?.spec.routes ?? {});
  if (routes.length > 0) lines.push('', table(['ROUTE', 'TARGET'], routes.map(([service, { target }]) => [service, typeof target === 'object' ? `sandbox ${target.sandbox}` : target ?? 'as usual'])));
  if (spec.environments.length > 0) {
    lines.push('', table(
      ['ENVIRONMENT', 'REVISION', 'VARIABLES', 'SECRETS', 'FILES'],
      spec.environments.map(({ name, revision, spec: environment }) => [name, revision, count(environment.variables), secretsOf(environment.secrets), count(environment.files)]),
    ));
  }
  lines.push('', `restore:  sdp restore ${metadata.name} --dry-run`, `as new:   sdp restore ${metadata.name} --as NEW`, `compare:  sdp diff snapshot/${metadata.name}`);
  return lines.join('\n');
}

function commitRows(spec: SnapshotSpec): (string | undefined)[][] {
  return spec.commits.map(({ service, branch, commit, author, subject }) => {
    const images = spec.images.filter((image) => image.service === service);
    return [service, branch === '' ? '(commit)' : branch, commit.slice(0, 8), images[0]?.id.replace('sha256:', '').slice(0, 12) ?? 'not built', author, subject];
  });
}

const count = (map: Record<string, unknown> | undefined): string => String(Object.keys(map ?? {}).length);

const secretsOf = (secrets: Record<string, unknown> | undefined): string =>
  Object.entries(secrets ?? {}).map(([name, reference]) => `${name} v${String((reference as { version?: number }).version ?? '?')}`).join(', ') || '-';

export function restoreLines(answer: RestoreResponse): string[] {
  const changed = answer.results.filter(({ outcome }) => outcome !== 'unchanged');
  const lines = changed.flatMap((result) => resultLines(result, answer.dryRun));
  for (const { environment, users } of answer.shared) {
    lines.push(...paragraph(paint('yellow', `environment ${environment} is also used by ${users.join(', ')}`), ''));
  }
  for (const note of answer.notes) lines.push(...paragraph(`note: ${note}`, ''));
  return lines;
}

/** `sdp diff snapshot/S [sandbox/NAME]`: exits with 1 when something differs. */
export async function diffSnapshot(client: ApiClient, what: string, other: string | undefined, format: Format): Promise<void> {
  const [word = '', name] = what.split('/', 2);
  if (kindOf(word) !== 'Snapshot' || name === undefined) {
    throw new SdpError('invalid_request', `"${what}" cannot be compared like this.`, { hint: 'Such as `sdp diff snapshot/NAME`, or `sdp diff -f FILE`.' });
  }
  const sandbox = other?.replace(/^sandbox(es)?\//, '');
  const answer = await client.get<SnapshotComparison>(`/snapshots/${encodeURIComponent(name)}/compare`, { sandbox });
  printAs(format, answer, answer.changes.map(({ path }) => path), () =>
    answer.changes.length === 0
      ? `Sandbox ${answer.sandbox} is as snapshot ${answer.snapshot} has it.`
      : [`From snapshot ${answer.snapshot} to sandbox ${answer.sandbox} as it is now:`, ...answer.changes.flatMap(changeLines)].join('\n'),
  );
  if (answer.changes.length > 0) process.exitCode = 1;
}
