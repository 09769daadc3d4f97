/** audit: who did what, with which outcome. */
import type { Command } from 'commander';
import type { Page } from '#schema/http';
import type { AuditEntry } from '#schema/records';
import { contextOf } from '../context.ts';
import { printList } from '../listings.ts';
import { formatOf } from '../output.ts';

interface AuditOptions {
  user?: string;
  action?: string;
  sandbox?: string;
  environment?: string;
  outcome?: string;
  since?: string;
  until?: string;
  limit: string;
}

export function auditCommand(program: Command): void {
  program
    .command('audit')
    .summary('who did what, with which outcome')
    .description('who did what to what, with which outcome, newest first; -o jsonl: everything, oldest first, as it is read')
    .option('--user <name>', 'of this person')
    .option('--action <action>', 'whole such as route.set, or its first word such as route')
    .option('--sandbox <name>', 'about this sandbox')
    .option('--environment <name>', 'about this environment')
    .option('--outcome <outcome>', 'ok, refused or failed')
    .option('--since <time>', 'a date, or a time ago such as 2h')
    .option('--until <time>', 'before this date, or so long ago')
    .option('--limit <number>', 'at most so many', '50')
    .action(async ({ limit, ...filter }: AuditOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const format = formatOf(flags.output);
      if (format === 'jsonl') return client.copy('/audit/export', { ...filter }, process.stdout);
      const wanted = Math.max(1, Number.isInteger(Number(limit)) ? Number(limit) : 50);
      const entries: AuditEntry[] = [];
      for (let cursor: string | undefined; ; ) {
        const page: Page<AuditEntry> = await client.get('/audit', { ...filter, limit: Math.min(1_000, wanted - entries.length), cursor });
        entries.push(...page.items);
        cursor = page.next;
        if (cursor === undefined || entries.length >= wanted) break;
      }
      printList('audit', entries, format, 'No entries.');
    });
}
