/** route: where a service's requests go. */
import type { Command } from 'commander';
import type { RouteFault } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { ApplyResponse, Page, RouteView, SetRouteRequest } from '#schema/http';
import { contextOf, durationMs } from '../context.ts';
import { formatOf, printAs } from '../output.ts';
import { resultLines } from '../plan-text.ts';
import { routesText } from '../route-text.ts';
import { waitForSandbox } from '../wait.ts';

/** `sandbox`, `ocp`, a URL, or `sandbox:OTHER` for the same service of another sandbox. */
function targetOf(text: string): string | { sandbox: string } {
  return text.toLowerCase().startsWith('sandbox:') ? { sandbox: text.slice('sandbox:'.length) } : /^(ocp|sandbox)$/i.test(text) ? text.toLowerCase() : text;
}

interface FaultOptions {
  status?: string;
  delay?: string;
  reset?: boolean;
  percent?: string;
  path?: string;
  for?: string;
  until?: string;
  off?: boolean;
}

/** How long a fault lasts when nobody says. */
const FAULT_LASTS = '1h';

/** @throws SdpError invalid_request; what values are allowed says the server */
function faultOf(options: FaultOptions): NonNullable<SetRouteRequest['fault']> | null {
  const kinds = [options.status, options.delay, options.reset].filter((kind) => kind !== undefined);
  if (options.off === true) {
    if (kinds.length > 0) throw new SdpError('invalid_request', '--off ends a fault and takes no other.');
    return null;
  }
  if (kinds.length !== 1) throw new SdpError('invalid_request', 'Give exactly one of --status, --delay and --reset, or --off.');
  if (options.for !== undefined && options.until !== undefined) throw new SdpError('invalid_request', 'Give --for or --until, not both.');
  const fault: RouteFault = {
    ...(options.status === undefined ? {} : { status: Number(options.status) }),
    ...(options.delay === undefined ? {} : { delay: options.delay }),
    ...(options.reset === undefined ? {} : { reset: true as const }),
    ...(options.percent === undefined ? {} : { percent: Number(options.percent.replace(/%$/, '')) }),
    ...(options.path === undefined ? {} : { path: options.path }),
  };
  return options.until === undefined ? { ...fault, for: options.for ?? FAULT_LASTS } : { ...fault, until: options.until };
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
    .command('fault <sandbox> <service>')
    .description('answer, delay or end some of its requests for a while: only this sandbox sees it')
    .option('--status <code>', 'answer with this status, 200 to 599')
    .option('--delay <duration>', 'pass requests on so much later, such as 2s; at most 60s')
    .option('--reset', 'end the connection without an answer')
    .option('--percent <number>', 'share of the requests, 1 to 100; default: all')
    .option('--path <prefix>', 'only requests whose path begins so')
    .option('--for <duration>', `how long, such as 1m; default: ${FAULT_LASTS}`)
    .option('--until <time>', 'until then, ISO 8601 with a time zone')
    .option('--off', 'end it now')
    .action(async (sandbox: string, service: string, options: FaultOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const fault = faultOf(options);
      const body: SetRouteRequest = { fault };
      const answer = await client.request<ApplyResponse>('PUT', `/sandboxes/${encodeURIComponent(sandbox)}/routes/${encodeURIComponent(service)}`, { body });
      printAs(formatOf(flags.output), answer, answer.results.map((result) => `${result.kind.toLowerCase()}/${result.name}`), () =>
        answer.results.length === 0 ? `${service} has no fault.` : answer.results.flatMap((result) => resultLines(result, true)).join('\n'),
      );
    });

  route
    .command('get <sandbox>')
    .description('how each service is reached, and why')
    .action(async (sandbox: string, _options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const { items } = await client.get<Page<RouteView>>(`/sandboxes/${encodeURIComponent(sandbox)}/routes`);
      printAs(formatOf(flags.output), items, items.map((item) => item.service), (wide) => routesText(items, wide));
    });
}
