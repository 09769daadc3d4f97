/** Lines of one log in order, each once, whichever way they came (invariant 12). Pure. */
import type { LogLine } from '#schema/records';

export interface LogBuffer {
  /** Lines 1, 2, 3 ... without gaps. */
  lines: readonly LogLine[];
  /** Lines are missing before what came last: ask for them from `nextLine`. */
  behind: boolean;
}

export const EMPTY_LOG: LogBuffer = { lines: [], behind: false };

export function nextLine(buffer: LogBuffer): number {
  return (buffer.lines.at(-1)?.line ?? 0) + 1;
}

/** Takes lines that continue the log, drops those that are there, refuses those after a hole. */
export function appendLines(buffer: LogBuffer, incoming: readonly LogLine[]): LogBuffer {
  let next = nextLine(buffer);
  const fresh: LogLine[] = [];
  let hole = false;
  for (const line of incoming) {
    if (line.line < next) continue;
    if (line.line > next) {
      hole = true;
      break;
    }
    fresh.push(line);
    next += 1;
  }
  if (fresh.length === 0) return hole === buffer.behind || !hole ? buffer : { ...buffer, behind: true };
  return { lines: [...buffer.lines, ...fresh], behind: hole };
}

const ERROR_WORDS =
  /(?:^|[\s[(:])(?:error|fatal|panic|cannot|undefined:|failed|FAIL)\b|^\S+\.(?:go|php|ts):\d+:\d+:|\.go:\d+:\d+: /i;

/** Index of the line that people look for after a failure. */
export function firstError(lines: readonly LogLine[]): number | undefined {
  const index = lines.findIndex((line) => line.phase !== 'RUN' && ERROR_WORDS.test(line.text));
  return index < 0 ? undefined : index;
}
