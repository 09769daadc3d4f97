/** apply and diff: documents from files to the server, with the plan that they lead to. */
import type { Command } from 'commander';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { SdpError, type Finding } from '#schema/errors';
import type { ApplyResponse, TemplateView } from '#schema/http';
import { parseDocuments } from '#schema/parse/parse-documents';
import { invalid } from '#schema/parse/validate-draft';
import type { ApiClient } from '../client.ts';
import { contextOf, durationMs } from '../context.ts';
import { formatOf, printAs } from '../output.ts';
import { resultLines } from '../plan-text.ts';
import { diffSnapshot } from '../snapshot-text.ts';
import { templateDiffText } from '../template-text.ts';
import { waitForSandbox } from '../wait.ts';

interface ApplyOptions {
  filename?: string[];
  sandbox?: string;
  message?: string;
  dryRun?: boolean;
  wait?: boolean;
  timeout: string;
}

async function filesOf(name: string): Promise<string[]> {
  if (name === '-') return ['-'];
  const found = await stat(name).catch((error: unknown) => {
    throw new SdpError('not_found', `${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (!found.isDirectory()) return [name];
  const entries = (await readdir(name)).filter((entry) => /\.ya?ml$/.test(entry)).sort();
  return entries.map((entry) => path.join(name, entry));
}

async function read(file: string): Promise<string> {
  if (file !== '-') return readFile(file, 'utf8');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Every file checked here first, so that each mistake names its own file; then one text for one transaction. */
async function collect(names: readonly string[], sandbox: string | undefined): Promise<string> {
  const files = (await Promise.all(names.map(filesOf))).flat();
  const texts: string[] = [];
  const findings: Finding[] = [];
  for (const file of files) {
    const text = await read(file);
    try {
      parseDocuments(text, { file: file === '-' ? 'standard input' : file, ...(sandbox === undefined ? {} : { sandbox }) });
    } catch (thrown) {
      const error = SdpError.from(thrown);
      if (error.findings.length === 0) throw error;
      findings.push(...error.findings);
    }
    texts.push(text);
  }
  if (findings.length > 0) throw invalid(findings);
  return texts.join(texts.length > 1 ? '\n---\n' : '');
}

async function send(client: ApiClient, options: ApplyOptions, dryRun: boolean): Promise<ApplyResponse> {
  const names = options.filename ?? [];
  const yaml = await collect(names, options.sandbox);
  const only = names.length === 1 ? names[0] : undefined;
  return client.request<ApplyResponse>('POST', '/apply', {
    yaml,
    query: { dryRun: dryRun ? true : undefined, message: options.message, sandbox: options.sandbox },
    ...(only === undefined || only === '-' ? {} : { headers: { 'x-sdp-file': encodeURI(only) } }),
  });
}

interface DiffOptions extends Omit<ApplyOptions, 'filename'> {
  filename?: string[];
  template?: boolean;
}

async function diffTemplate(command: Command, document: string | undefined): Promise<void> {
  const { client, flags } = await contextOf(command);
  const name = /^sandbox(?:es)?\/(.+)$/i.exec(document ?? '')?.[1];
  if (name === undefined) throw new SdpError('invalid_request', '--template is of a sandbox: `sdp diff sandbox/NAME --template`.');
  const view = await client.get<TemplateView>(`/sandboxes/${encodeURIComponent(name)}/template`);
  printAs(formatOf(flags.output), view, view.changes.map(({ path }) => path), () => templateDiffText(view));
  if (view.changes.length > 0 || view.conflicts.length > 0 || view.problem !== undefined) process.exitCode = 1;
}

export function applyCommands(program: Command): void {
  program
    .command('apply')
    .description('save documents and let the sandboxes follow')
    .requiredOption('-f, --filename <file...>', 'YAML files or folders; - is standard input')
    .option('--sandbox <name>', 'sandbox that a short map of routes belongs to')
    .option('-m, --message <text>', 'shown in the history')
    .option('--dry-run', 'only say what would happen')
    .option('--wait', 'wait until every sandbox is ready')
    .option('--timeout <duration>', 'longest wait', '10m')
    .action(async (options: ApplyOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const answer = await send(client, options, options.dryRun === true);
      const names = answer.results.map((result) => `${result.kind.toLowerCase()}/${result.name}`);
      printAs(formatOf(flags.output), answer, names, () => answer.results.flatMap((result) => resultLines(result, answer.dryRun)).join('\n'));
      if (options.wait !== true || answer.dryRun) return;
      for (const result of answer.results) {
        if (result.kind !== 'Sandbox') continue;
        await waitForSandbox(client, result.name, { condition: 'Ready', status: 'True' }, durationMs(options.timeout) ?? 600_000, result.resourceVersion);
      }
    });

  program
    .command('diff')
    .description('show what saving would change; exits 0 when nothing, 1 when something')
    .argument('[document]', 'sandbox/NAME with --template; snapshot/NAME: what differs now from what it has')
    .argument('[with]', 'sandbox/NAME: compare the snapshot with another sandbox than its own')
    .option('-f, --filename <file...>', 'YAML files or folders; - is standard input')
    .option('--template', 'of sandbox/NAME: what taking the newest revision of its template would change')
    .option('--sandbox <name>', 'sandbox that a short map of routes belongs to')
    .action(async (document: string | undefined, other: string | undefined, options: DiffOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      if (options.template === true) return diffTemplate(command, document);
      if (document !== undefined) return diffSnapshot(client, document, other, formatOf(flags.output));
      const { filename } = options;
      if (filename === undefined) throw new SdpError('invalid_request', 'Say what to compare: files with -f, sandbox/NAME with --template, or snapshot/NAME.');
      const answer = await send(client, { ...options, filename }, true);
      const changed = answer.results.filter((result) => result.outcome !== 'unchanged');
      printAs(formatOf(flags.output), answer, changed.map((result) => `${result.kind.toLowerCase()}/${result.name}`), () =>
        changed.length === 0 ? 'No difference.' : changed.flatMap((result) => resultLines(result, true)).join('\n'),
      );
      if (changed.length > 0) process.exitCode = 1;
    });
}
