/** What a process wrote to one stream: decoded, redacted, cut into lines, kept up to a limit. */
import { StringDecoder } from 'node:string_decoder';
import type { Redactor } from './redactor.ts';

/** A line that is longer is handed on in pieces of this size (characters). */
const LONGEST_LINE = 64 * 1024;

export interface Output {
  write(chunk: Buffer): void;
  /** No more comes: hands on the last line. */
  end(): void;
  /** The last `limit` characters. */
  text(): string;
  /** Something was dropped. */
  truncated(): boolean;
}

/** Both `\n` and `\r` end a line: programs redraw their progress with the latter. */
export function createOutput(redactor: Redactor, limit: number, onLine?: (line: string) => void): Output {
  const decoder = new StringDecoder('utf8');
  const stream = redactor.stream();
  let kept = '';
  let dropped = false;
  let line = '';

  const emit = (text: string): void => {
    kept += text;
    if (kept.length > limit * 2) {
      kept = kept.slice(-limit);
      dropped = true;
    }
    if (onLine === undefined) return;
    line += text;
    const lines = line.split(/\r\n|\n|\r/);
    line = lines.pop() ?? '';
    for (const each of lines) if (each !== '') onLine(each);
    for (; line.length > LONGEST_LINE; line = line.slice(LONGEST_LINE)) onLine(line.slice(0, LONGEST_LINE));
  };

  return {
    write: (chunk) => emit(stream.push(decoder.write(chunk))),
    end() {
      emit(stream.push(decoder.end()) + stream.end());
      if (line !== '') onLine?.(line);
      line = '';
    },
    text: () => kept.slice(-limit),
    truncated: () => dropped || kept.length > limit,
  };
}
