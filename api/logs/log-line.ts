/** One line of a `.log` file: `<iso> [FETCH] text` (E6). */
import type { LogLine } from '#schema/records';
import { LOG_PHASES, type LogPhase } from '#schema/states';

/** Bytes of text in one line; what is longer is cut and says so. */
export const MAX_LINE_BYTES = 8 * 1024;

export interface NewLine {
  at: string;
  phase: LogPhase;
  /** May hold several lines. */
  text: string;
}

const CUT = ' … (cut)';

function bounded(text: string): string {
  if (Buffer.byteLength(text) <= MAX_LINE_BYTES) return text;
  const room = MAX_LINE_BYTES - Buffer.byteLength(CUT);
  // A cut in the middle of a character leaves a replacement character, which goes too.
  return `${Buffer.from(text).subarray(0, room).toString('utf8').replace(/\uFFFD$/, '')}${CUT}`;
}

/** Lines as they are written, without the newline. A carriage return ends a line as well: progress bars. */
export function formatLines(line: NewLine): { phase: LogPhase; at: string; text: string }[] {
  return line.text
    .replace(/\r?\n$/, '')
    .split(/\r\n|\n|\r/)
    .map((text) => ({ phase: line.phase, at: line.at.replace(/\s/g, ''), text: bounded(text) }));
}

export function formatLine({ at, phase, text }: { at: string; phase: LogPhase; text: string }): string {
  return `${at} [${phase}] ${text}\n`;
}

const LINE = /^(\S+) \[([A-Z]+)\] (.*)$/s;

/** Reads a line back. A line of another shape is shown as it is. */
export function parseLine(raw: string, line: number): LogLine {
  const match = LINE.exec(raw);
  const phase = LOG_PHASES.find((known) => known === match?.[2]);
  if (match === null || phase === undefined) return { line, at: '', phase: 'RUN', text: raw };
  return { line, at: match[1] ?? '', phase, text: match[3] ?? '' };
}
