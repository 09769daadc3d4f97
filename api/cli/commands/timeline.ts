/** timeline: what happened to a sandbox, and what changed since it worked. */
import type { Command } from 'commander';
import type { TimelineView } from '#schema/http';
import { contextOf } from '../context.ts';
import { formatOf, printAs } from '../output.ts';
import { timelineText } from '../timeline-text.ts';

interface TimelineOptions {
  since?: string;
  limit: string;
  all?: boolean;
  changed?: boolean;
}

export function timelineCommand(program: Command): void {
  program
    .command('timeline <sandbox>')
    .summary('what happened, and changed since it worked')
    .description('revisions, commits, routes, secrets, restarts and failures in one order; first what changed since it worked')
    .option('--since <time>', 'a date, or a time ago such as 2h')
    .option('--limit <number>', 'at most so many entries', '30')
    .option('--all', 'every entry there is')
    .option('--changed', 'only what changed since it worked')
    .action(async (name: string, options: TimelineOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const path = `/sandboxes/${encodeURIComponent(name)}/timeline`;
      const limit = options.all === true ? '500' : options.limit;
      const view = await client.get<TimelineView>(path, { since: options.since, limit });
      while (options.all === true && view.next !== undefined) {
        const page = await client.get<TimelineView>(path, { since: options.since, limit, cursor: view.next });
        view.items.push(...page.items);
        if (page.next === undefined) delete view.next;
        else view.next = page.next;
      }
      const entries = options.changed === true ? view.changed ?? [] : view.items;
      printAs(formatOf(flags.output), options.changed === true ? entries : view, entries.map(({ id }) => id), () => timelineText(name, view, options.changed !== true));
    });
}
