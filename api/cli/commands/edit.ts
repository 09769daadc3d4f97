/** edit: a document in the person's own editor. Nothing that they wrote is ever lost. */
import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SdpError } from '#schema/errors';
import type { DocumentView } from '#schema/http';
import { confirm, isTerminal } from '../ask.ts';
import type { ApiClient } from '../client.ts';
import { contextOf } from '../context.ts';
import { documentYaml } from '../document-yaml.ts';
import { explainError, paint, print } from '../output.ts';
import { parseReference, type Reference } from '../reference.ts';

function editorOf(): string {
  return process.env['SDP_EDITOR'] ?? process.env['VISUAL'] ?? process.env['EDITOR'] ?? 'vi';
}

/** The variable may hold arguments, as everywhere: a shell reads it, and the file is never part of its text. */
function openEditor(file: string): Promise<void> {
  const editor = editorOf();
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    const fail = (why: string): void => reject(new SdpError('invalid_request', `The editor "${editor}" ${why}.`, { hint: 'Name another one in EDITOR.' }));
    child.on('error', (error) => fail(`cannot be started: ${error.message}`));
    child.on('exit', (code) => (code === 0 ? resolve() : fail(`ended with ${code ?? 'a signal'}`)));
  });
}

export function editCommand(program: Command): void {
  program
    .command('edit <reference>')
    .summary('change a document in your editor')
    .description('change KIND/NAME in your editor (EDITOR); refused when somebody else saved meanwhile, and your text is kept')
    .option('-m, --message <text>', 'shown in the history')
    .action(async (text: string, options: { message?: string }, command: Command) => {
      const { client } = await contextOf(command);
      const reference = parseReference(text);
      const view = await client.get<DocumentView>(reference.path);
      const before = documentYaml(view);
      const folder = await mkdtemp(path.join(tmpdir(), 'sdp-edit-'));
      const file = path.join(folder, `${view.document.metadata.name}.yaml`);
      await writeFile(file, before, { mode: 0o600 });
      let keep = true;
      try {
        keep = !(await editUntilSaved(client, { reference, view, before, file, message: options.message }));
      } finally {
        if (keep) process.stderr.write(`Your text is kept in ${file}\n`);
        else await rm(folder, { recursive: true });
      }
    });
}

interface Editing {
  reference: Reference;
  view: DocumentView;
  before: string;
  file: string;
  message: string | undefined;
}

/** Answers whether the file is needed no longer. @throws SdpError as the server refused it */
async function editUntilSaved(client: ApiClient, editing: Editing): Promise<boolean> {
  const { reference, before, file } = editing;
  for (;;) {
    await openEditor(file);
    const after = await readFile(file, 'utf8');
    if (after === before) {
      print('Nothing was changed.');
      return true;
    }
    try {
      const saved = await save(client, editing, after);
      for (const warning of saved.warnings ?? []) process.stderr.write(`${paint('yellow', `warning: ${warning}`)}\n`);
      print(`${reference.shown} is at revision ${saved.document.metadata.revision}`);
      return true;
    } catch (thrown) {
      const error = SdpError.from(thrown);
      // Somebody else was faster: writing the same once more cannot help.
      if (error.code === 'conflict' || !isTerminal()) throw error;
      process.stderr.write(`${explainError(error)}\n`);
      if (!(await confirm('Edit it again?'))) throw new SdpError('cancelled', 'Nothing was saved.');
    }
  }
}

function save(client: ApiClient, { reference, view, file, message }: Editing, yaml: string): Promise<DocumentView> {
  return client.request<DocumentView>('PUT', reference.path, {
    yaml,
    query: { message },
    headers: { 'if-match': `"${view.document.metadata.resourceVersion}"`, 'x-sdp-file': encodeURI(file) },
  });
}
