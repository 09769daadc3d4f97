/** nodes: list, tokens for agents, forgetting a lost one. */
import type { Command } from 'commander';
import type { NodeView, Page } from '#schema/http';
import { contextOf } from '../context.ts';
import { printList } from '../listings.ts';
import { formatOf, print } from '../output.ts';

export function nodeCommands(program: Command): void {
  const nodes = program
    .command('nodes')
    .description('the VMs: list, token, forget')
    .action(async (_options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const { items } = await client.get<Page<NodeView>>('/nodes');
      printList('nodes', items, formatOf(flags.output), 'No nodes yet: make a token with `sdp nodes token NAME` and start an agent with it.');
    });

  nodes
    .command('token <name>')
    .description('make a token for the agent of this node; printed once')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client } = await contextOf(command);
      const { token } = await client.post<{ token: string }>(`/nodes/${encodeURIComponent(name)}/token`);
      print(token);
    });

  nodes
    .command('forget <name>')
    .description('give up a lost node: what ran there is taken as gone')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client } = await contextOf(command);
      await client.request('DELETE', `/nodes/${encodeURIComponent(name)}`);
      print(`node/${name} forgotten`);
    });
}
