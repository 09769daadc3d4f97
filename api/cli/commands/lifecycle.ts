/** extend, keep: against expiry. */
import type { Command } from 'commander';
import type { LifecycleView } from '#schema/http';
import { contextOf } from '../context.ts';
import { lifecycleLine } from '../lifecycle-text.ts';
import { formatOf, printAs } from '../output.ts';

async function show(command: Command, name: string, view: LifecycleView): Promise<void> {
  const { flags } = await contextOf(command);
  printAs(formatOf(flags.output), view, [name], () => `sandbox/${name} ${lifecycleLine(view, name, Date.now())}`);
}

export function lifecycleCommands(program: Command): void {
  program
    .command('extend <sandbox>')
    .summary('let a sandbox live longer')
    .description('let a sandbox expire later than it would; one that has expired is deleted later')
    .option('--by <duration>', 'how much later, such as 12h or 7d', '7d')
    .action(async (name: string, options: { by: string }, command: Command) => {
      const { client } = await contextOf(command);
      await show(command, name, await client.post<LifecycleView>(`/sandboxes/${encodeURIComponent(name)}/extend`, { by: options.by }));
    });

  program
    .command('keep <sandbox>')
    .summary('never let a sandbox expire')
    .description('never let a sandbox expire, until --off')
    .option('--off', 'let it expire again')
    .action(async (name: string, options: { off?: boolean }, command: Command) => {
      const { client } = await contextOf(command);
      const path = `/sandboxes/${encodeURIComponent(name)}/keep`;
      await show(command, name, options.off === true ? await client.request<LifecycleView>('DELETE', path) : await client.post<LifecycleView>(path));
    });
}
