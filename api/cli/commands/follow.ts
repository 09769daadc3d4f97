/** logs and watch: what happens, live. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { Page } from '#schema/http';
import { slugOf } from '#schema/names';
import type { Deployment, LogLine } from '#schema/records';
import { isTerminal } from '#schema/states';
import type { StreamMessage } from '#schema/stream';
import type { ApiClient } from '../client.ts';
import { contextOf } from '../context.ts';
import { paint, paintState, print } from '../output.ts';

interface LogPage {
  lines: LogLine[];
  /** Line to ask for next. */
  next: number;
}

const showLine = (prefix: string, line: LogLine): void => print(`${prefix}${paint('dim', `[${line.phase}]`)} ${line.text}`);

async function newest(client: ApiClient, sandbox: string, service: string | undefined): Promise<Deployment[]> {
  const { items } = await client.get<Page<Deployment>>('/deployments', { sandbox, service });
  const seen = new Map<string, Deployment>();
  for (const deployment of items) if (!seen.has(deployment.service)) seen.set(deployment.service, deployment);
  if (seen.size === 0) throw new SdpError('not_found', `${sandbox}${service === undefined ? '' : `/${service}`} has no deployment yet.`);
  return [...seen.values()];
}

async function printFrom(client: ApiClient, id: string, from: number, prefix: string): Promise<number> {
  for (let next = from; ; ) {
    const page = await client.get<LogPage>(`/deployments/${id}/logs`, { from: next });
    for (const line of page.lines) showLine(prefix, line);
    if (page.lines.length === 0) return next;
    next = page.next;
  }
}

/** Prints a deployment's log from its first line; with `follow` until the deployment ends. */
async function show(client: ApiClient, deployment: Deployment, follow: boolean, prefix: string): Promise<void> {
  let next = await printFrom(client, deployment.id, 1, prefix);
  if (!follow || isTerminal(deployment.state)) return;
  let catching: Promise<void> = Promise.resolve();
  await client.stream({ logs: deployment.id }, (message: StreamMessage) => {
    if (message.type !== 'event') {
      // Lines written between the read above and the stream's beginning, or in a gap.
      catching = catching.then(async () => void (next = await printFrom(client, deployment.id, next, prefix)));
      return false;
    }
    const { event } = message;
    if (event.type === 'log' && event.deploymentId === deployment.id) {
      catching = catching.then(() => {
        for (const line of event.lines.filter((candidate) => candidate.line >= next)) {
          showLine(prefix, line);
          next = line.line + 1;
        }
      });
    }
    return event.type === 'deployment' && event.deployment.id === deployment.id && isTerminal(event.deployment.state);
  });
  await catching;
  await printFrom(client, deployment.id, next, prefix);
}

function watchLine(message: StreamMessage): string | undefined {
  if (message.type !== 'event') return undefined;
  const { event } = message;
  const time = event.at.slice(11, 19);
  switch (event.type) {
    case 'status':
      return `${time} ${event.sandbox} ${paintState(event.status.health)} ${paintState(event.status.sync)} ${paintState(event.status.operation)}${event.status.nextAction === undefined ? '' : ` ${event.status.nextAction}`}`;
    case 'deployment':
      return `${time} ${event.deployment.sandbox}/${event.deployment.service} ${paintState(event.deployment.state)}${event.deployment.message === undefined ? '' : ` ${event.deployment.message}`}`;
    case 'deployment-event':
      return `${time} ${event.sandbox} ${event.event.event}${event.event.message === undefined ? '' : ` ${event.event.message}`}`;
    case 'document':
      return `${time} ${event.kind.toLowerCase()}/${event.name} ${event.change}`;
    case 'node':
      return `${time} node/${event.node.name} ${event.node.online ? 'online' : 'offline'}`;
    case 'log':
    case 'requests':
      return undefined;
  }
}

export function followCommands(program: Command): void {
  program
    .command('logs <sandbox> [service]')
    .description('log of the newest deployment of a service, or of all')
    .option('-f, --follow', 'go on until the deployment ends')
    .option('--deployment <id>', 'of this deployment')
    .action(async (sandbox: string, service: string | undefined, options: { follow?: boolean; deployment?: string }, command: Command) => {
      const { client } = await contextOf(command);
      const deployments = options.deployment === undefined
        ? await newest(client, sandbox, service)
        : [await client.get<{ deployment: Deployment }>(`/deployments/${options.deployment}`).then((answer) => answer.deployment)];
      const many = deployments.length > 1;
      const width = Math.max(...deployments.map((deployment) => deployment.service.length));
      await Promise.all(deployments.map((deployment) => show(client, deployment, options.follow === true, many ? `${deployment.service.padEnd(width)} ` : '')));
    });

  program
    .command('watch [sandbox]')
    .description('what happens, live, until Ctrl-C')
    .action(async (sandbox: string | undefined, _options: unknown, command: Command) => {
      const { client } = await contextOf(command);
      await client.stream(sandbox === undefined ? {} : { sandbox: slugOf(sandbox) }, (message) => {
        const line = watchLine(message);
        if (line !== undefined) print(line);
      });
      throw new SdpError('unavailable', 'The server ended the stream.');
    });
}
