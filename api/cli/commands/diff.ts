/** diff: what saving files would change, and what differs between two revisions, from a template, or from a snapshot. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { FieldChange, TemplateView } from '#schema/http';
import { contextOf } from '../context.ts';
import { formatOf, paint, printAs } from '../output.ts';
import { parseReference } from '../reference.ts';
import { diffSnapshot } from '../snapshot-text.ts';
import { templateDiffText } from '../template-text.ts';
import { changeLines } from '../value-text.ts';
import { folderOptions, rehearse, resultText, type FolderOptions } from './apply.ts';

interface DiffOptions extends Partial<FolderOptions> {
  rev?: string;
  template?: boolean;
}

/** `3..5`, or `3` for that one against the newest. @throws SdpError invalid_request */
function parseRange(text: string): { from: number; to?: number } {
  const match = /^(\d{1,9})(?:\.\.(\d{1,9})?)?$/.exec(text);
  if (match === null) throw new SdpError('invalid_request', `"${text}" is no range of revisions: 3..5, or 3 for that one against the newest.`);
  return { from: Number(match[1]), ...(match[2] === undefined ? {} : { to: Number(match[2]) }) };
}

export function diffCommand(program: Command): void {
  folderOptions(
    program
      .command('diff')
      .summary('what files would change, or what differs')
      .description('what saving files would change, or what changed between two revisions of KIND/NAME; exits 0 when nothing, 1 when something')
      .argument('[reference]', 'KIND/NAME: its revisions; sandbox/NAME with --template; snapshot/NAME: what differs now from what it has')
      .argument('[with]', 'sandbox/NAME: compare the snapshot with another sandbox than its own'),
  )
    .option('-f, --filename <file...>', 'YAML or JSON files, or folders; - is standard input')
    .option('--rev <A..B>', 'revisions of KIND/NAME; one number: that one against the newest; default: the newest two')
    .option('--template', 'of sandbox/NAME: what taking the newest revision of its template would change')
    .action(async (text: string | undefined, other: string | undefined, options: DiffOptions, command: Command) => {
      if ((text === undefined) === (options.filename === undefined)) throw new SdpError('invalid_request', 'Give KIND/NAME, or files with -f.');
      if (text === undefined) return diffFiles(command, { ...options, filename: options.filename ?? [] });
      if (options.template === true) return diffTemplate(command, text);
      if (parseReference(text).kind !== 'Snapshot') return diffRevisions(command, text, options.rev);
      const { client, flags } = await contextOf(command);
      return diffSnapshot(client, text, other, formatOf(flags.output));
    });
}

async function diffFiles(command: Command, options: FolderOptions): Promise<void> {
  const { client, flags } = await contextOf(command);
  const answer = await rehearse(client, options);
  const changed = { ...answer, results: answer.results.filter((result) => result.outcome !== 'unchanged') };
  const names = changed.results.map((result) => `${result.kind.toLowerCase()}/${result.name}`);
  printAs(formatOf(flags.output), answer, names, () => (names.length === 0 ? 'No difference.' : resultText(changed, true)));
  if (names.length > 0) process.exitCode = 1;
}

async function diffRevisions(command: Command, text: string, rev: string | undefined): Promise<void> {
  const { client, flags } = await contextOf(command);
  const { path, shown } = parseReference(text);
  const range = rev === undefined ? {} : parseRange(rev);
  const answer = await client.get<{ from: number; to: number; changes: FieldChange[] }>(`${path}/diff`, { ...range });
  printAs(formatOf(flags.output), answer, answer.changes.map((change) => change.path), () =>
    [
      `${paint('bold', shown)} from revision ${answer.from} to ${answer.to}`,
      ...(answer.changes.length === 0 ? ['  No field differs.'] : answer.changes.flatMap(changeLines)),
    ].join('\n'),
  );
  if (answer.changes.length > 0) process.exitCode = 1;
}

async function diffTemplate(command: Command, text: string): Promise<void> {
  const { client, flags } = await contextOf(command);
  const { kind, path } = parseReference(text);
  if (kind !== 'Sandbox') throw new SdpError('invalid_request', '--template is of a sandbox: `sdp diff sandbox/NAME --template`.');
  const view = await client.get<TemplateView>(`${path}/template`);
  printAs(formatOf(flags.output), view, view.changes.map((change) => change.path), () => templateDiffText(view));
  if (view.changes.length > 0 || view.conflicts.length > 0 || view.problem !== undefined) process.exitCode = 1;
}
