/**
 * One request as HAProxy writes it: words with one space between, each without spaces of its own, `-` for none.
 * What people may choose (path, host, location) is encoded; what we chose (route) cannot hold a space.
 */

/** Name of HAProxy's memory of requests. */
export const REQUESTS_RING = 'requests';
/** About 15,000 requests. */
export const RING_BYTES = 4 * 1024 * 1024;
/** A longer line is cut, and then counts as missed. */
export const LOG_LINE_BYTES = 8192;

/** What each word is, in order. `%HPO` is the path alone, with `#` for what it encodes. */
const WORDS = {
  mark: 'R1',
  count: '%rt',
  end: '%[date(0,ms)]',
  frontend: '%f',
  backend: '%b',
  method: '%HM',
  path: '%HPO',
  status: '%ST',
  duration: '%Ta',
  termination: '%ts',
  owner: '%[var(txn.owner)]',
  id: '%[var(txn.rid)]',
  fault: '%[var(txn.fault)]',
  // Host that was asked for and location, encoded; only where one of them says something.
  place: '%[var(txn.place)]',
  connection: '%[bc_err]',
  route: '%[var(txn.route)]',
} as const;

export type LogWord = keyof typeof WORDS;

export const LOG_FORMAT = Object.values(WORDS).join(' ');

const NAMES = Object.keys(WORDS) as LogWord[];
const AT = Object.fromEntries(NAMES.map((name, i) => [name, i])) as Record<LogWord, number>;

/** One line's words, read by name. Thousands a second come here when an edge is busy: nothing is copied. */
export class LogLine {
  private constructor(private readonly words: readonly string[]) {}

  /** Undefined when the line is none of ours, or was cut. */
  static of(line: string): LogLine | undefined {
    const words = line.split(' ');
    return words.length === NAMES.length && words[0] === WORDS.mark ? new LogLine(words) : undefined;
  }

  /** '' where HAProxy had none. */
  get(name: LogWord): string {
    const word = this.words[AT[name]] as string;
    return word === '-' ? '' : word;
  }
}
