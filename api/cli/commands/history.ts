/** history: revisions of a document. */
import type { Command } from 'commander';
import type { Page, Revision } from '#schema/http';
import { contextOf } from '../context.ts';
import { age, formatOf, printAs, table } from '../output.ts';
import { parseReference } from '../reference.ts';

const message = ({ deleted, message: said }: Revision): string => (deleted ? `(deleted)${said === '' ? '' : ` ${said}`}` : said);

export function historyCommand(program: Command): void {
  program
    .command('history <reference>')
    .summary('revisions of a document')
    .description('revisions of KIND/NAME, newest first; a name alone is a sandbox')
    .option('--kind <kind>', 'kind of a name alone', 'sandbox')
    .action(async (text: string, options: { kind: string }, command: Command) => {
      const { client, flags } = await contextOf(command);
      const { items } = await client.get<Page<Revision>>(`${parseReference(text, options.kind).path}/revisions`);
      printAs(formatOf(flags.output), items, items.map((item) => String(item.revision)), (wide) =>
        table(['REVISION', 'GENERATION', 'BY', wide ? 'AT' : 'AGE', 'MESSAGE'], items.map((item) => [item.revision, item.generation, item.author, wide ? item.at : age(item.at), message(item)]), wide),
      );
    });
}
