/** requests, trace, doctor: where requests went, and what the nodes reach. */
import type { Command } from 'commander';
import type { DoctorView, Page, RequestView, TraceView } from '#schema/http';
import { contextOf } from '../context.ts';
import { followRequests } from '../follow-requests.ts';
import { formatOf, print, printAs, terminalWidth, type Format } from '../output.ts';
import { doctorText, requestHeader, requestLines, requestWidths, traceText } from '../request-text.ts';

const at = (name: string): string => `/sandboxes/${encodeURIComponent(name)}`;
/** Requests remembered, so that none is printed twice after a reconnect: more than a sandbox's list holds. */
const REMEMBERED = 2_000;

interface RequestsOptions {
  follow?: boolean;
  service?: string;
  limit: string;
}

/** Prints each request once, oldest first. */
class Printer {
  readonly #seen = new Set<string>();
  readonly #cutting: boolean;
  #widths: number[] | undefined;

  constructor(private readonly format: Format) {
    this.#cutting = process.stdout.isTTY && format !== 'wide';
  }

  show(requests: readonly RequestView[]): void {
    if (this.format === 'table' || this.format === 'wide') this.#begin(requests);
    for (const request of requests) {
      const key = `${request.node} ${request.seq} ${request.at} ${request.id}`;
      if (this.#seen.has(key)) continue;
      this.#remember(key);
      if (this.#widths !== undefined) requestLines(request, this.#widths, this.#cutting).forEach(print);
      else if (this.format === 'name') print(request.id);
      // One line each, and all of them together a list in YAML.
      else print(`${this.format === 'yaml' ? '- ' : ''}${JSON.stringify(request)}`);
    }
  }

  /** The first requests say how wide the columns are. */
  #begin(requests: readonly RequestView[]): void {
    if (this.#widths !== undefined) return;
    this.#widths = requestWidths(requests, this.#cutting ? terminalWidth() : undefined);
    print(requestHeader(this.#widths));
  }

  #remember(key: string): void {
    this.#seen.add(key);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= REMEMBERED) return;
      this.#seen.delete(oldest);
    }
  }
}

export function requestCommands(program: Command): void {
  program
    .command('requests <sandbox>')
    .description('the newest requests of a sandbox as its edges saw them, newest last; >SERVICE is the far side of a hop between nodes')
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('--service <service>', 'only those for this service, or for the gateway')
    .option('--limit <number>', 'at most so many of the past', '50')
    .action(async (name: string, options: RequestsOptions, command: Command) => {
      const { client, flags } = await contextOf(command);
      const format = formatOf(flags.output);
      if (options.follow === true) {
        const printer = new Printer(format);
        const tell = (line: string): void => void process.stderr.write(`(${line})\n`);
        return followRequests(client, name, { ...options, show: (requests) => printer.show(requests), tell });
      }
      const { items } = await client.get<Page<RequestView>>(`${at(name)}/requests`, { limit: options.limit, service: options.service });
      if (format !== 'table' && format !== 'wide') return printAs(format, items, items.map(({ id }) => id), () => '');
      if (items.length === 0) return print('No requests yet. Only requests that come by an edge of SDP are seen.');
      new Printer(format).show(items.reverse());
    });

  program
    .command('trace <sandbox> <path>')
    .description('send one GET through the gateway and show each hop: exits 1 when one failed')
    .action(async (name: string, path: string, _options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const trace = await client.post<TraceView>(`${at(name)}/trace`, { path });
      printAs(formatOf(flags.output), trace, [trace.requestId], () => traceText(trace));
      if (trace.failedAt !== undefined || trace.status === undefined || trace.failure !== undefined) process.exitCode = 1;
    });

  program
    .command('doctor')
    .description('check each node: its edge, its network.pool, and every baseline from there: exits 1 when something failed')
    .action(async (_options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const view = await client.post<DoctorView>('/doctor');
      printAs(formatOf(flags.output), view, view.nodes.map(({ node }) => node), (wide) => doctorText(view, wide));
      if (!view.ok) process.exitCode = 1;
    });
}
