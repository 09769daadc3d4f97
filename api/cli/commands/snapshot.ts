/** snapshot, restore: a sandbox as it was, kept and brought back. */
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { DocumentView, ImportSnapshotRequest, ImportSnapshotResponse, RestoreRequest, RestoreResponse, SnapshotRequest } from '#schema/http';
import type { StoredDocument } from '#schema/documents';
import { contextOf, durationMs } from '../context.ts';
import { formatOf, print, printAs, terminalWidth, wrap } from '../output.ts';
import { restoreLines } from '../snapshot-text.ts';
import { waitForSandbox } from '../wait.ts';

const at = (name: string): string => `/snapshots/${encodeURIComponent(name)}`;

interface RestoreOptions {
  as?: string;
  dryRun?: boolean;
  keepShared?: boolean;
  changeShared?: boolean;
  services?: boolean;
  wait?: boolean;
  timeout: string;
}

export function snapshotCommands(program: Command): void {
  const snapshot = program.command('snapshot').description('keep a sandbox as it is now: specs, commits, images, routes, secret versions');
  snapshot
    .command('take <sandbox>', { isDefault: true })
    .description('keep a sandbox as it is now (the word "take" may be left out)')
    .option('--name <name>', 'name of the snapshot; default: the sandbox and the time')
    .option('-m, --message <why>', 'why')
    .action(async (sandbox: string, options: SnapshotRequest, command: Command) => {
      const { client, flags } = await contextOf(command);
      const view = await client.post<DocumentView>(`/sandboxes/${encodeURIComponent(sandbox)}/snapshot`, options);
      const document = view.document as StoredDocument<'Snapshot'>;
      printAs(formatOf(flags.output), document, [document.metadata.name], () => takenText(document));
    });

  snapshot
    .command('export <snapshot>')
    .description('write it to a file for another installation; secrets are sealed with a passphrase or left out')
    .usage('<snapshot> -o FILE (--passphrase-file FILE | --without-secrets)')
    .option('--passphrase-file <file>', 'file whose first line seals the secrets; - is standard input')
    .option('--without-secrets', 'leave the values of secrets out')
    .action(async (name: string, options: ExportOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const output = flags.output;
      if (output === undefined) throw new SdpError('invalid_request', 'Name the file to write with -o FILE; - is standard output.');
      const passphrase = await passphraseOf(options);
      const path = `${at(name)}/export`;
      const content = passphrase === undefined ? await client.text('GET', path) : await client.text('POST', path, { passphrase });
      await writeOut(output, content);
      if (output !== '-') print(`snapshot/${name} written to ${output}, secrets ${passphrase === undefined ? 'left out' : 'sealed'}`);
    });
  snapshot
    .command('import <file>')
    .description('make a snapshot from a file of another installation; - is standard input')
    .option('--as <name>', "another name than the file's")
    .option('--passphrase-file <file>', 'file whose first line opens the secrets')
    .option('--without-secrets', 'leave sealed secrets out')
    .action(async (file: string, options: ExportOptions & { as?: string }, command: Command) => {
      const { client, flags } = await contextOf(command);
      const { as, withoutSecrets, passphraseFile } = options;
      const passphrase = passphraseFile === undefined ? undefined : firstLine(await readIn(passphraseFile), passphraseFile);
      const body: ImportSnapshotRequest = {
        file: await readIn(file),
        ...(as === undefined ? {} : { as }),
        ...(withoutSecrets === true ? { withoutSecrets } : {}),
        ...(passphrase === undefined ? {} : { passphrase }),
      };
      const answer = await client.post<ImportSnapshotResponse>('/snapshots', body);
      const document = answer.document as StoredDocument<'Snapshot'>;
      printAs(formatOf(flags.output), answer, [document.metadata.name], () => importedText(document, answer.missing));
    });

  program
    .command('restore <snapshot>')
    .description('bring the sandbox of a snapshot back as it was, at the same commits')
    .option('--as <name>', 'make a new sandbox of this name instead')
    .option('--dry-run', 'only say what would happen')
    .option('--keep-shared', 'leave environments that others use as they are now')
    .option('--change-shared', 'restore environments that others use, for all of them')
    .option('--services', 'make catalogue entries that are missing, as the snapshot has them')
    .option('--wait', 'wait until the sandbox is ready')
    .option('--timeout <duration>', 'longest wait', '10m')
    .action(async (name: string, options: RestoreOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const query = { dryRun: options.dryRun === true ? true : undefined };
      const answer = await client.post<RestoreResponse>(`${at(name)}/restore`, requestOf(options), { query });
      const names = answer.results.map((result) => `${result.kind.toLowerCase()}/${result.name}`);
      printAs(formatOf(flags.output), answer, names, () => restoreLines(answer).join('\n'));
      if (options.wait !== true || answer.dryRun) return;
      const version = Math.max(...answer.results.map((result) => result.resourceVersion));
      await waitForSandbox(client, answer.sandbox, { condition: 'Ready', status: 'True' }, durationMs(options.timeout) ?? 600_000, version);
    });
}

interface ExportOptions {
  passphraseFile?: string;
  withoutSecrets?: boolean;
}

/** Nobody is to find out later that the secrets are missing, or that they were not sealed. */
async function passphraseOf({ passphraseFile, withoutSecrets }: ExportOptions): Promise<string | undefined> {
  if ((passphraseFile === undefined) === (withoutSecrets !== true)) {
    throw new SdpError('invalid_request', 'Say what becomes of the secrets: --passphrase-file FILE or --without-secrets.');
  }
  return passphraseFile === undefined ? undefined : firstLine(await readIn(passphraseFile), passphraseFile);
}

function firstLine(text: string, file: string): string {
  const line = text.split(/\r?\n/, 1)[0] ?? '';
  if (line === '') throw new SdpError('invalid_request', `The first line of ${file} is empty; the passphrase is read from there.`);
  return line;
}

async function readIn(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new SdpError('not_found', `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
}

async function writeOut(file: string, content: string): Promise<void> {
  if (file === '-') return void process.stdout.write(content);
  await writeFile(file, content, { mode: 0o600 }).catch((error: unknown) => {
    throw new SdpError('unavailable', `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  });
}

function importedText({ metadata, spec }: StoredDocument<'Snapshot'>, missing: readonly string[]): string {
  const lines = [`snapshot/${metadata.name} imported, of sandbox ${spec.sandbox.name}`];
  if (missing.length > 0) lines.push(...wrap(`without a value: ${missing.join(', ')}. Set them in environments of these names before restoring.`, terminalWidth() - 2).map((line) => `  ${line}`));
  lines.push(`next: sdp restore ${metadata.name} --as NEW --dry-run`);
  return lines.join('\n');
}

function requestOf({ as, keepShared, changeShared, services }: RestoreOptions): RestoreRequest {
  if (keepShared === true && changeShared === true) throw new SdpError('invalid_request', 'Give --keep-shared or --change-shared, not both.');
  return {
    ...(as === undefined ? {} : { as }),
    ...(services === true ? { services } : {}),
    ...(keepShared === true ? { shared: 'keep' as const } : changeShared === true ? { shared: 'change' as const } : {}),
  };
}

function takenText({ metadata, spec }: StoredDocument<'Snapshot'>): string {
  const lines = [`snapshot/${metadata.name} taken: ${spec.commits.length} of ${spec.commits.length + spec.unpinned.length} services at a commit`];
  for (const { service, reason } of spec.unpinned) lines.push(`  not pinned: ${service}: ${reason}`);
  return lines.join('\n');
}
