/** export: every document as a file, as `apply` takes it back. */
import type { Command } from 'commander';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AUTHORED_KINDS } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { ExportedDocument, Page } from '#schema/http';
import { contextOf } from '../context.ts';
import { formatOf, printAs } from '../output.ts';

const present = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);

/** Files of ours that no document has any more. */
async function leftOver(folder: string, kinds: readonly string[], written: ReadonlySet<string>): Promise<string[]> {
  const found = await Promise.all(
    kinds.map(async (kind) => (await readdir(path.join(folder, kind)).catch(() => [])).filter((name) => name.endsWith('.yaml')).map((name) => `${kind}/${name}`)),
  );
  return found.flat().filter((file) => !written.has(file)).sort();
}

export function exportCommand(program: Command): void {
  program
    .command('export <folder>')
    .summary('write every document as a file')
    .description('write documents as YAML, one file each; `sdp apply -f FOLDER` then changes nothing; never values of secrets')
    .option('--kind <kinds>', 'only of these kinds, with commas')
    .option('-l, --selector <label=value>', 'only those with the label; several with commas')
    .action(async (folder: string, options: { kind?: string; selector?: string }, command: Command) => {
      const { client, flags } = await contextOf(command);
      const exported: ExportedDocument[] = [];
      let cursor: string | undefined;
      do {
        const page: Page<ExportedDocument> = await client.get('/export', { kind: options.kind, selector: options.selector, cursor });
        exported.push(...page.items);
        cursor = page.next;
      } while (cursor !== undefined);
      let changed = 0;
      for (const document of exported) changed += (await write(folder, document)) ? 1 : 0;
      printAs(formatOf(flags.output), exported.map(({ kind, name, path: file }) => ({ kind, name, path: file })), exported.map(({ path: file }) => file), () =>
        `${exported.length} ${exported.length === 1 ? 'document' : 'documents'} in ${folder}, ${changed === 0 ? 'none' : changed} of them new or changed`,
      );
      if (options.selector !== undefined || options.kind !== undefined) return;
      const old = await leftOver(folder, AUTHORED_KINDS.map((kind) => kind.toLowerCase()), new Set(exported.map(({ path: file }) => file)));
      if (old.length > 0) process.stderr.write(`Of no document any more, and left as they are: ${old.slice(0, 10).join(', ')}${old.length > 10 ? `, and ${old.length - 10} more` : ''}\n`);
    });
}

/** Answers whether the file is another one now. */
async function write(folder: string, { path: inside, yaml }: ExportedDocument): Promise<boolean> {
  const file = path.join(folder, inside);
  if (path.relative(folder, file).startsWith('..')) throw new SdpError('invalid_document', `${inside} would lie outside of ${folder}.`);
  if ((await present(file)) === yaml) return false;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, yaml);
  return true;
}
