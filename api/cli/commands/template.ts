/** template: sandboxes from templates, and taking what a template has become. */
import type { Command } from 'commander';
import type { TemplateParameter, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { ApplyResponse, DocumentView, TemplateView } from '#schema/http';
import { contextOf, durationMs } from '../context.ts';
import { formatOf, paint, print, printAs, table } from '../output.ts';
import { resultLines } from '../plan-text.ts';
import { templateDiffText } from '../template-text.ts';
import { waitForSandbox } from '../wait.ts';

interface Changing {
  set: string[];
  dryRun?: boolean;
  wait?: boolean;
  timeout: string;
}

const many = (value: string, before: string[]): string[] => [...before, value];

/** `NAME=VALUE`; the value may hold further `=`. */
export function answersFrom(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new SdpError('invalid_request', `--set ${pair}: give NAME=VALUE.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

const changing = (command: Command): Command =>
  command
    .option('--set <name=value>', 'answer to a question; once for each', many, [])
    .option('--dry-run', 'only say what would happen')
    .option('--wait', 'wait until the sandbox is ready')
    .option('--timeout <duration>', 'longest wait', '10m');

async function settle(command: Command, name: string, answer: ApplyResponse, options: Changing): Promise<void> {
  const { client, flags } = await contextOf(command);
  printAs(formatOf(flags.output), answer, answer.results.map((result) => `${result.kind.toLowerCase()}/${result.name}`), () =>
    answer.results.flatMap((result) => resultLines(result, answer.dryRun)).join('\n'),
  );
  if (options.wait !== true || answer.dryRun) return;
  const version = Math.max(...answer.results.map((result) => result.resourceVersion));
  await waitForSandbox(client, name, { condition: 'Ready', status: 'True' }, durationMs(options.timeout) ?? 600_000, version);
}

function typeWords({ type = 'string', choices = [] }: TemplateParameter): string {
  return type === 'choice' ? choices.join(' | ') : type;
}

function questionsText(template: StoredDocument<'Template'>): string {
  const { name } = template.metadata;
  const parameters = template.spec.parameters ?? [];
  const lines = [`${paint('bold', name)}${template.spec.description === undefined ? '' : `  ${template.spec.description}`}`];
  if (parameters.length === 0) return [...lines, 'It asks nothing.'].join('\n');
  const rows = parameters.map((one) => [one.name, typeWords(one), one.default === undefined ? (one.required === false ? '(may stay open)' : '(needed)') : String(one.default), one.description ?? '']);
  lines.push('', table(['NAME', 'TYPE', 'DEFAULT', 'QUESTION'], rows));
  for (const { name: parameter, help } of parameters) if (help !== undefined) lines.push(`${parameter}: ${help}`);
  return lines.join('\n');
}

export function templateCommands(program: Command): void {
  const template = program.command('template').description('sandboxes from templates');

  template
    .command('show <template>')
    .description('the questions that it asks')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const { document } = await client.get<DocumentView>(`/templates/${encodeURIComponent(name)}`);
      const found = document as StoredDocument<'Template'>;
      const parameters = found.spec.parameters ?? [];
      printAs(formatOf(flags.output), parameters, parameters.map((one) => one.name), () => questionsText(found));
    });

  changing(template.command('clone <template> <new-name>').description('make a sandbox from a template'))
    .action(async (name: string, newName: string, options: Changing, command: Command) => {
      const { client } = await contextOf(command);
      const body = { name: newName, parameters: answersFrom(options.set) };
      const query = { dryRun: options.dryRun === true ? true : undefined };
      const answer = await client.post<ApplyResponse>(`/templates/${encodeURIComponent(name)}/clone`, body, { query });
      await settle(command, newName, answer, options);
    });

  changing(template.command('update <sandbox>').description('take what its template has become; its own changes stay'))
    .option('--take-template', "where both changed something, the template's counts")
    .action(async (name: string, options: Changing & { takeTemplate?: boolean }, command: Command) => {
      const { client } = await contextOf(command);
      const path = `/sandboxes/${encodeURIComponent(name)}/template`;
      const view = await client.get<TemplateView>(path);
      const body = { parameters: answersFrom(options.set), takeTemplate: options.takeTemplate === true };
      const query = { dryRun: options.dryRun === true ? true : undefined };
      const answer = await client.post<ApplyResponse>(path, body, { query });
      await settle(command, name, answer, options);
      if (options.takeTemplate !== true && view.conflicts.length > 0) print(templateDiffText({ ...view, changes: [] }));
    });
}
