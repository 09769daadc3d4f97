/** Looks for a value that must be nowhere: in files of any kind and in texts, in every notation that leaks use. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of base64 that do not depend on what stands before and after, for the three ways to begin. */
function base64Cores(value: string): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString('base64').replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : shift + 1, text.length - 2);
  });
}

/** Notations by name. Values need at least 12 characters, some of them special, to be told from chance. */
function notations(value: string): Map<string, string> {
  if (value.length < 12) throw new Error('A canary needs at least 12 characters.');
  const [plain = '', one = '', two = ''] = base64Cores(value);
  const urlSafe = (text: string): string => text.replace(/\+/g, '-').replace(/\//g, '_');
  return new Map([
    ['raw', value],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['URL', encodeURIComponent(value)],
    ['form', new URLSearchParams({ v: value }).toString().slice(2)],
    ['hex', Buffer.from(value).toString('hex')],
    ['base64', plain],
    ['base64, shifted by 1', one],
    ['base64, shifted by 2', two],
    ['base64url', urlSafe(plain)],
    ['base64url, shifted by 1', urlSafe(one)],
    ['base64url, shifted by 2', urlSafe(two)],
  ]);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export interface Haystack {
  /** Folders whose files are read as bytes: databases with their WAL, logs, exports, dumps. */
  folders?: readonly string[];
  /** Answers, events, output by what they are. */
  texts?: Readonly<Record<string, string>>;
}

/** Where the canaries are: `file: notation of name`. An empty list is what is wished for. */
export function findCanaries(canaries: Readonly<Record<string, string>>, { folders = [], texts = {} }: Haystack): string[] {
  const places: [string, Buffer][] = [
    ...folders.flatMap(filesBelow).map((file): [string, Buffer] => [file, readFileSync(file)]),
    ...Object.entries(texts).map(([name, text]): [string, Buffer] => [name, Buffer.from(text)]),
  ];
  return places.flatMap(([place, bytes]) =>
    Object.entries(canaries).flatMap(([name, value]) =>
      [...notations(value)].filter(([, text]) => bytes.includes(text)).map(([notation]) => `${place}: ${notation} of ${name}`),
    ),
  );
}
