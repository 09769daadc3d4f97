/** snapshot, restore: a sandbox as it was, kept and brought back. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { DocumentView, RestoreRequest, RestoreResponse, SnapshotRequest } from '#schema/http';
import type { StoredDocument } from '#schema/documents';
import { contextOf, durationMs } from '../context.ts';
import { formatOf, printAs } from '../output.ts';
import { restoreLines } from '../snapshot-text.ts';
import { waitForSandbox } from '../wait.ts';

export const at = (name: string): string => `/snapshots/${encodeURIComponent(name)}`;

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
