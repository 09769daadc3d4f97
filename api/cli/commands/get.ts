/** get, describe: what is there. */
import type { Command } from 'commander';
import { kindOf, PLURALS, type StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { DocumentView, LifecycleView, Page, RevisionView, TemplateView } from '#schema/http';
import type { SandboxStatus } from '#schema/status';
import { writeYaml } from '#schema/parse/write-yaml';
import { contextOf } from '../context.ts';
import { documentYaml, revisionYaml } from '../document-yaml.ts';
import { expiryWord } from '../lifecycle-text.ts';
import { managedLine, managedWord } from '../managed-text.ts';
import { age, formatOf, print, printAs, table } from '../output.ts';
import { parseReference } from '../reference.ts';
import { itemName, LIST_NAMES, listOf, printList } from '../listings.ts';
import { describeSandbox } from '../sandbox-text.ts';
import { describeSnapshot, snapshotTable } from '../snapshot-text.ts';

function documentTable(documents: readonly StoredDocument[], wide: boolean): string {
  const managed = documents.some(({ metadata }) => metadata.managedBy !== undefined) ? ['MANAGED'] : [];
  if (documents[0]?.kind === 'Sandbox') {
    const expiries = documents.map(({ status }) => expiryWord(status as SandboxStatus | undefined, Date.now()));
    const expiring = expiries.some((word) => word !== '') ? ['EXPIRES'] : [];
    return table(
      ['NAME', 'HEALTH', 'SYNC', 'OPERATION', 'GATEWAY', 'OWNER', 'AGE', ...expiring, ...managed],
      documents.map((document, index) => {
        const status = document.status as SandboxStatus | undefined;
        return [document.metadata.name, status?.health, status?.sync, status?.operation, status?.gateway?.url, document.metadata.createdBy, age(document.metadata.createdAt), ...expiring.map(() => expiries[index]), managedWord(document.metadata)];
      }),
      wide,
    );
  }
  if (documents[0]?.kind === 'Snapshot') return snapshotTable(documents as readonly StoredDocument<'Snapshot'>[], wide);
  return table(
    ['NAME', 'REVISION', 'GENERATION', 'CHANGED BY', 'AGE', ...managed],
    documents.map(({ metadata }) => [metadata.name, metadata.revision, metadata.generation, metadata.updatedBy, age(metadata.updatedAt), managedWord(metadata)]),
    wide,
  );
}

function noSuchKind(word: string): SdpError {
  const known = [...Object.values(PLURALS), ...LIST_NAMES];
  return new SdpError('unknown_kind', `There is nothing called "${word}" to get: one of ${known.join(', ')}.`);
}

export function getCommands(program: Command): void {
  program
    .command('get <what> [name]')
    .description('list or show: sandboxes, templates, environments, routes, services, snapshots, nodes, repositories, ports, deployments, audit; -o yaml of one document is its author\'s text')
    .option('--sandbox <name>', 'only of this sandbox (deployments, ports, audit)')
    .option('--rev <number>', 'one document as this revision had it')
    .action(async (what: string, name: string | undefined, options: { sandbox?: string; rev?: string }, command: Command) => {
      const { client, flags } = await contextOf(command);
      const format = formatOf(flags.output);
      const slash = what.includes('/') && name === undefined ? what.split('/', 2) : [what, name];
      const [word = what, one] = slash;
      const kind = kindOf(word);
      if (kind !== undefined && one !== undefined) {
        const path = `/${PLURALS[kind]}/${encodeURIComponent(one)}`;
        if (options.rev !== undefined) {
          const revision = await client.get<RevisionView>(`${path}/revisions/${encodeURIComponent(options.rev)}`);
          if (format === 'json' || format === 'jsonl' || format === 'name') return printAs(format, revision, [one], () => '');
          return print(revisionYaml(kind, one, revision).trimEnd());
        }
        const view = await client.get<DocumentView>(path);
        if (format === 'yaml') return print(documentYaml(view).trimEnd());
        const { document } = view;
        printAs(format, document, [document.metadata.name], (wide) => documentTable([document], wide));
      } else if (kind !== undefined) {
        const { items } = await client.get<Page<StoredDocument>>(`/${PLURALS[kind]}`);
        printAs(format, items, items.map((item) => item.metadata.name), (wide) => (items.length === 0 ? `No ${PLURALS[kind]}.` : documentTable(items, wide)));
      } else {
        const list = listOf(word);
        if (list === undefined) throw noSuchKind(word);
        const { items } = await client.get<Page<unknown>>(`/${list}`, { sandbox: options.sandbox });
        const shown = one === undefined ? items : items.filter((item) => itemName(list, item) === one);
        if (one !== undefined && shown.length === 0) throw new SdpError('not_found', `There is no "${one}" among the ${list}.`);
        printList(list, shown, format);
      }
    });

  program
    .command('describe <kind> [name]')
    .description('show one document with everything that is known of it')
    .action(async (word: string, name: string | undefined, _options: unknown, command: Command) => {
      const { client } = await contextOf(command);
      const { kind, path } = parseReference(name === undefined ? word : `${word}/${name}`);
      const { document } = await client.get<DocumentView>(path);
      if (kind === 'Snapshot') return print(describeSnapshot(document as StoredDocument<'Snapshot'>));
      if (kind === 'Sandbox') {
        const sandbox = document as StoredDocument<'Sandbox'>;
        const template = sandbox.spec.template === undefined ? undefined : await client.get<TemplateView>(`${path}/template`);
        const lifecycle = await client.get<LifecycleView>(`${path}/lifecycle`);
        return print(describeSandbox(sandbox, { template, lifecycle }));
      }
      for (const line of managedLine(document)) print(line);
      print(writeYaml(document).trimEnd());
    });
}
