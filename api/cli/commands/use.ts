/** use: a person's own address, and the sandbox that it leads to. */
import type { Command } from 'commander';
import { SdpError } from '#schema/errors';
import type { UseView } from '#schema/http';
import { contextOf } from '../context.ts';
import { formatOf, paint, print, printAs } from '../output.ts';

/** The address and where it leads, in a few lines. */
export function useText({ address }: UseView): string {
  if (address === undefined) return 'You have no address of your own yet: `sdp use NAME` gives you one that you keep, whatever sandbox it leads to.';
  const where = address.url ?? `port ${address.port}`;
  const lines = [`${paint('bold', where)} leads to ${address.sandbox === undefined ? 'nothing' : `sandbox ${address.sandbox}`}`];
  if (address.problem !== undefined) lines.push(paint('yellow', address.problem));
  return lines.join('\n');
}

export function useCommand(program: Command): void {
  program
    .command('use [sandbox]')
    .description('lead your own address to a sandbox: a phone is set up once; without a name, print it')
    .option('--off', 'give the address up')
    .action(async (sandbox: string | undefined, options: { off?: boolean }, command: Command) => {
      const { client, flags } = await contextOf(command);
      if (options.off === true && sandbox !== undefined) throw new SdpError('invalid_request', '--off takes no sandbox.');
      const show = (view: UseView): void => printAs(formatOf(flags.output), view, view.address?.url === undefined ? [] : [view.address.url], () => useText(view));
      if (sandbox !== undefined) return show(await client.request<UseView>('PUT', '/use', { body: { sandbox } }));
      const before = await client.get<UseView>('/use');
      if (options.off !== true) return show(before);
      await client.request('DELETE', '/use');
      print(before.address === undefined ? 'You have no address of your own.' : `${before.address.url ?? `Port ${before.address.port}`} is given up; it rests, and is yours again first.`);
    });
}
