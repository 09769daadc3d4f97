/**
 * `.env` files, by these rules:
 * - One `NAME=value` per line; blank lines, and lines whose first character is `#`, are left out. `export ` before the
 *   name is left out, and so are spaces around `=`. Lines end with LF or CRLF; a byte order mark is left out.
 * - Without quotes a value ends with its line, or before a `#` that follows a space. Spaces around it do not belong to it;
 *   backslashes are backslashes.
 * - Single quotes and backquotes: everything up to the next such quote, several lines too, as it is.
 * - Double quotes: the same with the escapes \n \r \t \" \\ \$; any other backslash stays.
 * - `$` is never expanded. The last of two lines for one name counts.
 */
import { SdpError, type Finding, type SourcePosition } from '#schema/errors';
import { invalid } from '#schema/parse/validate-draft';
import type { Found, ImportItem } from './item.ts';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$' };

/** @throws SdpError invalid_document with a finding per line that cannot be read; values are never repeated */
export function parseDotenv(text: string, file: string | undefined): Found {
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n');
  const findings: Finding[] = [];
  const items = new Map<string, ImportItem>();
  const notes: string[] = [];
  let at = 0;
  let line = 1;
  while (at < source.length) {
    const end = endOfLine(source, at);
    const position: SourcePosition = { ...(file === undefined ? {} : { file }), line };
    const read = readEntry(source, at, end);
    const next = 'wrong' in read || read.kind === 'nothing' ? end : read.end;
    if ('wrong' in read) findings.push({ ...position, message: read.wrong });
    else if (read.kind === 'entry') {
      const before = items.get(read.name);
      if (before !== undefined) notes.push(`${read.name} is there twice; line ${line} counts, not line ${before.position.line}.`);
      items.set(read.name, { key: read.name, value: Buffer.from(read.value), secret: false, binary: false, position });
    }
    line += source.slice(at, next).split('\n').length;
    at = next + 1;
  }
  if (findings.length > 0) throw invalid(findings);
  if (items.size === 0) throw new SdpError('invalid_document', `${file ?? 'The text'} sets no variable.`, { hint: 'Lines look like NAME=value.' });
  return { items: [...items.values()], notes };
}

type Read = { wrong: string } | { kind: 'nothing' } | { kind: 'entry'; name: string; value: string; end: number };

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** @param end of the line; the entry itself may end on a later one */
function readEntry(text: string, start: number, end: number): Read {
  const line = text.slice(start, end);
  if (/^[ \t]*(?:#|$)/.test(line)) return { kind: 'nothing' };
  const head = /^[ \t]*(?:export[ \t]+)?([^=\s]*)[ \t]*=[ \t]*/.exec(line);
  if (head === null) return { wrong: 'is not of the form NAME=value.' };
  const [matched, name = ''] = head;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    // Not repeated: in a wrong line it may be a part of a value.
    return { wrong: 'what is before "=" cannot name a variable: letters, digits and "_", and no digit first.' };
  }
  const from = start + matched.length;
  const quote = text[from];
  if (from < end && (quote === '"' || quote === "'" || quote === '`')) return quoted(text, name, from, quote);
  const plain = line.slice(matched.length).replace(/(?:^|[ \t])#.*$/, '').trim();
  return { kind: 'entry', name, value: plain, end };
}

function quoted(text: string, name: string, from: number, quote: string): Read {
  let at = from + 1;
  let value = '';
  while (at < text.length && text[at] !== quote) {
    const escape = quote === '"' && text[at] === '\\' ? ESCAPES[text[at + 1] ?? ''] : undefined;
    value += escape ?? text[at] ?? '';
    at += escape === undefined ? 1 : 2;
  }
  if (at >= text.length) return { wrong: `the value of ${name} begins with ${quote} and has no ${quote} at its end.` };
  const end = endOfLine(text, at);
  if (!/^[ \t]*(?:#.*)?$/.test(text.slice(at + 1, end))) {
    return { wrong: `there is something after the closing ${quote} of ${name}: only a comment may follow.` };
  }
  return { kind: 'entry', name, value, end };
}
