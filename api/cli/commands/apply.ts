/** apply: documents from files to the server, with the plan that they lead to; `--prune` makes the store equal to a folder. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { ApplyFilesRequest, ApplyResponse } from '#schema/http';
import type { ApiClient } from '../client.ts';
import { confirm, isTerminal } from '../ask.ts';
import { contextOf, durationMs } from '../context.ts';
import { isDirectory, readFiles, type SourceFile } from '../files.ts';
import { sourceOf } from '../git-source.ts';
import { formatOf, paint, print, printAs } from '../output.ts';
import { resultLines } from '../plan-text.ts';
import { waitForSandbox } from '../wait.ts';

export interface FolderOptions {
  filename: string[];
  sandbox?: string;
  prune?: boolean;
  selector?: string;
  managedBy?: string;
}

interface ApplyOptions extends FolderOptions {
  message?: string;
  dryRun?: boolean;
  yes?: boolean;
  wait?: boolean;
  timeout: string;
}

/** What `apply` and `diff` take alike. */
export const folderOptions = (command: Command): Command =>
  command
    .option('--sandbox <name>', 'sandbox that a short map of routes belongs to')
    .option('--prune', 'what bears the label and is not in the folder goes')
    .option('-l, --selector <label=value>', 'the scope of --prune; several labels with commas')
    .option('--managed-by <text>', 'where the documents come from; with --prune: the git remote, else the folder');

type Query = Record<string, string | boolean | undefined>;

/** @param folders take a folder for the source of its documents, although nobody said so */
async function queryOf(options: FolderOptions, folders: boolean): Promise<Query> {
  if (options.prune === true && options.selector === undefined) {
    throw new SdpError('invalid_request', '--prune needs a scope: what is not in the folder would be deleted.', {
      hint: 'Give a label that everything in the folder bears, such as -l team=checkout.',
    });
  }
  if (options.selector !== undefined && options.prune !== true) throw new SdpError('invalid_request', '-l is the scope of --prune.', { hint: 'Add --prune.' });
  const query: Query = { sandbox: options.sandbox, prune: options.prune === true ? true : undefined, selector: options.selector };
  const first = options.filename[0] ?? '-';
  const managed = options.managedBy !== undefined || options.prune === true || (folders && (await isDirectory(first)));
  if (!managed) return query;
  const found = first === '-' ? { source: 'standard input' } : await sourceOf((await isDirectory(first)) ? first : '.');
  return { ...query, managedBy: options.managedBy ?? found.source, managedRevision: found.revision };
}

/** A dry run of what the files say. */
export async function rehearse(client: ApiClient, options: FolderOptions): Promise<ApplyResponse> {
  const files = await readFiles(options.filename, options.sandbox);
  return send(client, { files }, { ...(await queryOf(options, true)), dryRun: true });
}

function send(client: ApiClient, body: ApplyFilesRequest, query: Query): Promise<ApplyResponse> {
  return client.post<ApplyResponse>('/apply', body, { query });
}

const reference = ({ kind, name }: ApplyResponse['results'][number]): string => `${kind.toLowerCase()}/${name}`;

export function resultText(answer: ApplyResponse, detailed: boolean): string {
  const changed = answer.results.filter(({ outcome }) => outcome !== 'unchanged');
  const same = answer.results.length - changed.length;
  // A folder's plan is about what changes.
  const shown = answer.results.length > 5 ? changed : answer.results;
  const lines = shown.flatMap((result) => resultLines(result, detailed));
  if (shown !== answer.results && same > 0) lines.push(paint('dim', `${same} ${same === 1 ? 'document stays as it is' : 'documents stay as they are'}`));
  return lines.join('\n');
}

export function applyCommand(program: Command): void {
  folderOptions(program.command('apply').summary('save documents, or a whole folder').description('save documents and let the sandboxes follow; a whole folder, with everything below it').requiredOption('-f, --filename <file...>', 'YAML or JSON files, or folders; - is standard input'))
    .option('-m, --message <text>', 'shown in the history')
    .option('--dry-run', 'only say what would happen')
    .option('-y, --yes', 'do not ask before --prune deletes')
    .option('--wait', 'wait until every sandbox is ready')
    .option('--timeout <duration>', 'longest wait', '10m')
    .action(async (options: ApplyOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const format = formatOf(flags.output);
      const query = { ...(await queryOf(options, false)), message: options.message };
      const files = await readFiles(options.filename, options.sandbox);
      const pruning = options.prune === true && options.dryRun !== true;
      const agreed = pruning ? await agree(client, files, query, options, format === 'table' || format === 'wide') : undefined;
      const answer = await send(client, { files, ...(agreed === undefined ? {} : { expectPruned: agreed }) }, { ...query, dryRun: options.dryRun });
      printAs(format, answer, answer.results.map(reference), () => resultText(answer, answer.dryRun));
      if (options.wait !== true || answer.dryRun) return;
      for (const result of answer.results) {
        if (result.kind !== 'Sandbox' || result.outcome === 'deleted') continue;
        await waitForSandbox(client, result.name, { condition: 'Ready', status: 'True' }, durationMs(options.timeout) ?? 600_000, result.resourceVersion);
      }
    });
}

/**
 * Shows what would happen and asks. Answers what may be deleted.
 * @throws SdpError invalid_request where there is nobody to ask, cancelled
 */
async function agree(client: ApiClient, files: SourceFile[], query: Query, options: ApplyOptions, show: boolean): Promise<string[]> {
  const plan = await send(client, { files }, { ...query, dryRun: true });
  const changed = plan.results.filter(({ outcome }) => outcome !== 'unchanged');
  const deleted = plan.results.filter(({ outcome }) => outcome === 'deleted').map(reference);
  if (changed.length === 0) return [];
  if (options.yes !== true) {
    if (show) print(resultText(plan, true));
    if (!isTerminal()) {
      throw new SdpError('invalid_request', 'There is no terminal to ask on, so nothing was changed.', { hint: 'Look at the plan with --dry-run, then give --yes.' });
    }
    const go = deleted.length === 0 ? 'nothing is deleted' : `${deleted.length} ${deleted.length === 1 ? 'document is' : 'documents are'} deleted`;
    if (!(await confirm(`Apply this (${go})?`))) throw new SdpError('cancelled', 'Nothing was changed.');
  }
  return deleted;
}
