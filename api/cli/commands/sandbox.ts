/** Actions on a sandbox: deploy, rollback, suspend, resume, clone, delete; and on one service of it. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { ApplyResponse, CancelView, DocumentView, Page, RetryView, Revision } from '#schema/http';
import { contextOf, durationMs } from '../context.ts';
import { formatOf, paint, print, printAs } from '../output.ts';
import { parseReference, referenceOf } from '../reference.ts';
import { resultLines } from '../plan-text.ts';
import { waitForDeletion, waitForSandbox } from '../wait.ts';

const at = (name: string): string => `/sandboxes/${encodeURIComponent(name)}`;

interface Waiting {
  wait?: boolean;
  timeout: string;
}

async function settle(command: Command, name: string, answer: ApplyResponse, options: Waiting): Promise<void> {
  const { client, flags } = await contextOf(command);
  printAs(formatOf(flags.output), answer, answer.results.map((result) => `${result.kind.toLowerCase()}/${result.name}`), () =>
    answer.results.flatMap((result) => resultLines(result, false)).join('\n'),
  );
  if (options.wait !== true) return;
  const version = Math.max(...answer.results.map((result) => result.resourceVersion));
  await waitForSandbox(client, name, { condition: 'Ready', status: 'True' }, durationMs(options.timeout) ?? 600_000, version);
}

const waiting = (command: Command): Command =>
  command.option('--wait', 'wait until the sandbox is ready').option('--timeout <duration>', 'longest wait', '10m');

export function sandboxCommands(program: Command): void {
  waiting(program.command('deploy <name> [services...]').description('take the newest commits of the branches: of these services, or of all'))
    .option('-m, --message <text>', 'shown in the history')
    .action(async (name: string, services: string[], options: Waiting & { message?: string }, command: Command) => {
      const { client } = await contextOf(command);
      const body = { ...(services.length === 0 ? {} : { services }), ...(options.message === undefined ? {} : { message: options.message }) };
      await settle(command, name, await client.post<ApplyResponse>(`${at(name)}/deploy`, body), options);
    });

  waiting(program.command('rollback <reference> [revision]').summary('make an earlier revision the newest').description('make an earlier revision of KIND/NAME the newest, a sandbox with the commits that it ran; default: the one before'))
    .option('--to <revision>', 'that revision; see `sdp history`')
    .action(async (text: string, given: string | undefined, options: Waiting & { to?: string }, command: Command) => {
      const { client } = await contextOf(command);
      const { kind, name, path, shown } = parseReference(text);
      const revision = options.to ?? given;
      let number = Number(revision);
      if (revision === undefined) {
        const { items } = await client.get<Page<Revision>>(`${path}/revisions`);
        const before = items[1];
        if (before === undefined) throw new SdpError('not_found', `${shown} has only one revision.`);
        number = before.revision;
      }
      if (!Number.isInteger(number)) throw new SdpError('invalid_request', `"${String(revision)}" is not a revision; see \`sdp history ${shown}\`.`);
      const answer = await client.post<ApplyResponse>(`${path}/rollback`, { revision: number });
      await settle(command, name, answer, kind === 'Sandbox' || kind === 'Route' ? options : { timeout: options.timeout });
    });

  for (const [action, description] of [['suspend', 'stop all containers and keep everything else'], ['resume', 'bring a suspended sandbox back']] as const) {
    waiting(program.command(`${action} <name>`).description(description)).action(async (name: string, options: Waiting, command: Command) => {
      const { client } = await contextOf(command);
      await settle(command, name, await client.post<ApplyResponse>(`${at(name)}/${action}`), action === 'suspend' ? { timeout: options.timeout } : options);
    });
  }

  waiting(program.command('clone <name> <new-name>').description('make a sandbox like another one, on ports of its own'))
    .action(async (name: string, newName: string, options: Waiting, command: Command) => {
      const { client } = await contextOf(command);
      await settle(command, newName, await client.post<ApplyResponse>(`${at(name)}/clone`, { name: newName }), options);
    });

  for (const [action, description] of [['restart', 'restart the container of a service'], ['stop', 'keep a service\'s container stopped'], ['start', 'start a stopped service again']] as const) {
    program.command(`${action} <name> <service>`).description(description).action(async (name: string, service: string, _options: unknown, command: Command) => {
      const { client } = await contextOf(command);
      await client.post(`${at(name)}/services/${encodeURIComponent(service)}/${action}`);
      print(`${action} ${service} of sandbox/${name}: asked for`);
    });
  }

  program
    .command('cancel <name> [service]')
    .summary('end a deployment that is under way')
    .description('end the deployment of a service that is under way, or of all; what runs goes on running, and nothing is tried again until somebody changes, deploys or retries it')
    .action(async (name: string, service: string | undefined, _options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const view = await client.post<CancelView>(`${at(name)}/cancel`, service === undefined ? {} : { service });
      printAs(formatOf(flags.output), view, view.cancelled.map((item) => item.deployment), () =>
        [
          ...view.cancelled.map((item) => `${item.service}: cancelled while ${item.state}; ${item.keeps === undefined ? 'nothing of it runs' : `${item.keeps.slice(0, 8)} goes on running`}`),
          `\`sdp retry ${view.sandbox}${service === undefined ? '' : ` ${service}`}\` goes on with it`,
        ].join('\n'),
      );
    });

  program
    .command('retry <name> [service]')
    .summary('try again what failed or was cancelled')
    .description('try again at once what failed, waits for its next try, or was cancelled: of a service, or of all')
    .action(async (name: string, service: string | undefined, _options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const view = await client.post<RetryView>(`${at(name)}/retry`, service === undefined ? {} : { service });
      printAs(formatOf(flags.output), view, view.retried.map((item) => item.service), () =>
        view.retried.map((item) => `${item.service}: tried again${item.after === '' ? '' : `, after: ${item.after}`}`).join('\n'),
      );
    });

  program
    .command('delete <kind> [name]')
    .description('delete a document; a sandbox takes its containers, network, ports and routes with it')
    .option('--wait', 'wait until everything is gone')
    .option('--timeout <duration>', 'longest wait', '5m')
    .action(async (word: string, given: string | undefined, options: Waiting, command: Command) => {
      const { client } = await contextOf(command);
      const { kind, name, path } = referenceOf('Delete', word, given);
      const { warnings = [] } = await client.request<DocumentView>('DELETE', path);
      for (const warning of warnings) process.stderr.write(`${paint('yellow', `warning: ${warning}`)}\n`);
      if (kind === 'Sandbox' && options.wait === true) {
        await waitForDeletion(client, name, durationMs(options.timeout) ?? 300_000);
        print(`sandbox/${name} is gone`);
      } else {
        print(`${kind.toLowerCase()}/${name} ${kind === 'Sandbox' ? 'is being deleted' : 'deleted'}`);
      }
    });

  program
    .command('undelete <kind> [name]')
    .description('bring a deleted document back; a sandbox with its routes, at the same commits, with new ports where its own are taken')
    .action(async (word: string, given: string | undefined, _: object, command: Command) => {
      const { client } = await contextOf(command);
      const { kind, path } = referenceOf('Undelete', word, given);
      const { document } = await client.post<DocumentView>(`${path}/restore`);
      print(`${kind.toLowerCase()}/${document.metadata.name} is back`);
    });
}
