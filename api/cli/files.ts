/** Documents from files, folders and standard input, checked here first so that every mistake names its file. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { SdpError, type Finding } from '#schema/errors';
import { parseDocuments } from '#schema/parse/parse-documents';
import { invalid } from '#schema/parse/validate-draft';

export interface SourceFile {
  name: string;
  text: string;
}

export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const unreadable = (name: string, error: unknown): SdpError =>
  new SdpError('not_found', `${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);

/** Of a file, or of standard input for `-`. @throws SdpError not_found */
export async function readText(file: string): Promise<string> {
  if (file === '-') return readStdin();
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
}

/** Folders with everything below them, in a stable order; names that begin with a dot are left out. */
async function filesOf(name: string): Promise<string[]> {
  const found = await stat(name).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  if (!found.isDirectory()) return [name];
  const entries = (await readdir(name, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.'));
  const below = await Promise.all(
    entries.map(async (entry) => {
      const inner = path.join(name, entry.name);
      if (entry.isDirectory()) return filesOf(inner);
      return /\.(ya?ml|json)$/i.test(entry.name) ? [inner] : [];
    }),
  );
  return below.flat().sort();
}

/** Only comments, or nothing at all: a file that says nothing is no mistake in a folder. */
const isBlank = (text: string): boolean => text.split('\n').every((line) => /^\s*(#.*|---|\.\.\.)?\s*$/.test(line));

/**
 * @param sandbox sandbox that short maps of routes belong to
 * @throws SdpError not_found, invalid_yaml, invalid_document with every mistake of every file
 */
export async function readFiles(names: readonly string[], sandbox: string | undefined): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const findings: Finding[] = [];
  for (const given of names) {
    const found = given === '-' ? ['-'] : await filesOf(given);
    for (const file of found) {
      const name = file === '-' ? 'standard input' : file;
      const text = await readText(file);
      if (isBlank(text) && found.length > 1) continue;
      try {
        parseDocuments(text, { file: name, ...(sandbox === undefined ? {} : { sandbox }) });
      } catch (thrown) {
        const error = SdpError.from(thrown);
        if (error.findings.length === 0) throw error;
        findings.push(...error.findings);
      }
      files.push({ name, text });
    }
  }
  if (findings.length > 0) throw invalid(findings);
  return files;
}

export async function isDirectory(name: string): Promise<boolean> {
  return name !== '-' && (await stat(name).catch(() => undefined))?.isDirectory() === true;
}
