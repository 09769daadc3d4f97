/** route: where a service's requests go. */
import type { Command } from 'commander';
import type { ApplyResponse, Page, RouteView } from '#schema/http';
import { contextOf, durationMs } from '../context.ts';
import { formatOf, printAs, table } from '../output.ts';
import { resultLines } from '../plan-text.ts';
import { waitForSandbox } from '../wait.ts';

/** `sandbox`, `ocp`, a URL, or `sandbox:OTHER` for the same service of another sandbox. */
function targetOf(text: string): string | { sandbox: string } {
  return text.toLowerCase().startsWith('sandbox:') ? { sandbox: text.slice('sandbox:'.length) } : /^(ocp|sandbox)$/i.test(text) ? text.toLowerCase() : text;
}

export function routeCommands(program: Command): void {
  const route = program.command('route').description('where the requests of a sandbox go');

  route
    .command('set <sandbox> <service> <target>')
    .description('target: sandbox, ocp, a URL, or sandbox:OTHER')
    .option('--branch <branch>', 'give the service this branch in the same save')
    .option('--wait', 'wait until the sandbox is ready')
    .option('--timeout <duration>', 'longest wait', '10m')
    .action(async (sandbox: string, service: string, target: string, options: { branch?: string; wait?: boolean; timeout: string }, command: Command) => {
      const { client, flags } = await contextOf(command);
      const answer = await client.request<ApplyResponse>('PUT', `/sandboxes/${encodeURIComponent(sandbox)}/routes/${encodeURIComponent(service)}`, {
        body: { target: targetOf(target), ...(options.branch === undefined ? {} : { branch: options.branch }) },
      });
      printAs(formatOf(flags.output), answer, answer.results.map((result) => `${result.kind.toLowerCase()}/${result.name}`), () =>
        answer.results.flatMap((result) => resultLines(result, true)).join('\n'),
      );
      if (options.wait !== true) return;
      const version = Math.max(...answer.results.map((result) => result.resourceVersion));
      await waitForSandbox(client, sandbox, { condition: 'Ready', status: 'True' }, durationMs(options.timeout) ?? 600_000, version);
    });

  route
    .command('get <sandbox>')
    .description('how each service is reached, and why')
    .action(async (sandbox: string, _options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const { items } = await client.get<Page<RouteView>>(`/sandboxes/${encodeURIComponent(sandbox)}/routes`);
      printAs(formatOf(flags.output), items, items.map((item) => item.service), (wide) =>
        table(['SERVICE', 'TARGET', 'URL', 'WHY'], items.map((item) => [item.service, item.target, item.url, item.reason]), wide),
      );
    });
}
