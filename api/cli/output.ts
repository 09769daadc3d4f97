/** How the CLI prints: tables that fit the terminal, JSON, YAML, names; colour only where it is wanted. */
import { SdpError } from '#schema/errors';
import { writeYaml } from '#schema/parse/write-yaml';

export const FORMATS = ['table', 'wide', 'json', 'jsonl', 'yaml', 'name'] as const;
export type Format = (typeof FORMATS)[number];

export function formatOf(text: string | undefined): Format {
  const format = FORMATS.find((known) => known === (text ?? 'table'));
  if (format === undefined) throw new SdpError('invalid_request', `There is no output format "${String(text)}": one of ${FORMATS.join(', ')}.`);
  return format;
}

const colourful = (): boolean => process.stdout.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb';

type Colour = 'green' | 'yellow' | 'red' | 'blue' | 'dim' | 'bold';
const CODES: Record<Colour, number> = { green: 32, yellow: 33, red: 31, blue: 34, dim: 2, bold: 1 };

export function paint(colour: Colour, text: string): string {
  return colourful() ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}

const STATE_COLOURS: Record<string, Colour> = {
  Healthy: 'green', RUNNING: 'green', Synced: 'green', True: 'green', online: 'green',
  Progressing: 'blue', QUEUED: 'blue', FETCHING: 'blue', CHECKOUT: 'blue', BUILDING: 'blue', CREATING_IMAGE: 'blue', STARTING_CONTAINER: 'blue',
  Degraded: 'yellow', OutOfSync: 'yellow', Unknown: 'yellow', Suspended: 'dim', STOPPED: 'dim',
  Unhealthy: 'red', FAILED: 'red', offline: 'red',
};

/** A state word in its colour. The word itself always says it too. */
export function paintState(word: string): string {
  const colour = STATE_COLOURS[word];
  return colour === undefined ? word : paint(colour, word);
}

/** Width in columns; 80 where it is not a terminal. */
export const terminalWidth = (): number => process.stdout.columns ?? 80;

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Column widths that fit the terminal: the widest columns give way first, none below its header or 8. */
export function fitWidths(natural: readonly number[], least: readonly number[], total: number): number[] {
  const widths = [...natural];
  const gaps = 2 * (widths.length - 1);
  for (let over = widths.reduce((sum, width) => sum + width, gaps) - total; over > 0; over--) {
    let widest = -1;
    for (const [index, width] of widths.entries()) {
      if (width > Math.max(8, least[index] ?? 0) && (widest < 0 || width > (widths[widest] ?? 0))) widest = index;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** A table without lines; cells are cut to fit unless the output is piped or `wide`. */
export function table(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[], wide = false): string {
  const cells = rows.map((row) => header.map((_, index) => String(row[index] ?? '')));
  const natural = header.map((title, index) => Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const widths = wide || !process.stdout.isTTY ? natural : fitWidths(natural, header.map((title) => title.length), terminalWidth());
  const line = (row: readonly string[], decorate: (cell: string) => string): string =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? cell.length;
        const shown = cut(cell, width);
        const padding = index === row.length - 1 ? '' : ' '.repeat(Math.max(0, width - shown.length));
        return `${decorate(shown)}${padding}`;
      })
      .join('  ')
      .trimEnd();
  return [line(header, (cell) => paint('dim', cell)), ...cells.map((row) => line(row, paintState))].join('\n');
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints data in the format asked for; `asTable` is used for table and wide. */
export function printAs(format: Format, data: unknown, names: readonly string[], asTable: (wide: boolean) => string): void {
  if (format === 'json') print(JSON.stringify(data, null, 2));
  else if (format === 'jsonl') for (const item of Array.isArray(data) ? (data as unknown[]) : [data]) print(JSON.stringify(item));
  else if (format === 'yaml') print(writeYaml(data).trimEnd());
  else if (format === 'name') names.forEach(print);
  else print(asTable(format === 'wide'));
}

/** `3m`, `2h`, `5d` since an ISO time. */
export function age(iso: string | undefined, now = Date.now()): string {
  if (iso === undefined) return '';
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

/** What a person reads when a command fails. */
export function explainError(error: SdpError): string {
  const lines = [`${paint('red', 'error')}: ${error.message}`];
  if (error.findings.length > 1) {
    for (const finding of error.findings) {
      const place = [finding.file, finding.line, finding.column].filter((part) => part !== undefined).join(':');
      lines.push(`  ${[place, finding.path, finding.message].filter((part) => part !== undefined && part !== '').join('  ')}`);
    }
  }
  if (error.hint !== undefined) lines.push(`${paint('dim', 'hint')}:  ${error.hint}`);
  return lines.join('\n');
}

/** Words in lines of at most so many columns; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
