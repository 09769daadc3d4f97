/** images prune: disk space back from what nobody needs. */
import type { Command } from 'commander';
import type { Page, PruneView } from '#schema/http';
import { contextOf } from '../context.ts';
import { formatOf, paint, printAs } from '../output.ts';

/** `sdp/account:3f1c8a5d0e9b`: the commit short, the build hash left out. */
const shortRef = (ref: string): string => ref.replace(/:([0-9a-f]{12})[0-9a-f]*-.*$/, ':$1');

function nodeLines({ node, removedImages, releasedCommits, problem }: PruneView): string[] {
  if (problem !== undefined) return [paint('yellow', `${node}: nothing removed. ${problem}`)];
  const said = `${node}: ${removedImages.length} image${removedImages.length === 1 ? '' : 's'} removed, ${releasedCommits} commit${releasedCommits === 1 ? '' : 's'} released`;
  return [said, ...removedImages.map((ref) => `  ${shortRef(ref)}`)];
}

export function imageCommands(program: Command): void {
  const images = program.command('images').description('images of the nodes');
  images
    .command('prune')
    .description('remove images and release commits that neither a sandbox nor a snapshot needs; happens by itself once an hour')
    .action(async (_options: unknown, command: Command) => {
      const { client, flags } = await contextOf(command);
      const { items } = await client.post<Page<PruneView>>('/images/prune');
      printAs(formatOf(flags.output), items, items.flatMap(({ removedImages }) => removedImages), () =>
        items.length === 0 ? 'No nodes.' : items.flatMap(nodeLines).join('\n'),
      );
    });
}
