/** Structured log: one JSON line per event. Never bodies, never headers, never commands. */

export type LogFields = Record<string, string | number | boolean | undefined>;

export interface Logger {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Writes lines such as `{"at":"...","level":"info","event":"agent online","node":"micro-1"}`; to stderr by default. */
export function jsonLogger(write: (line: string) => void = (line) => void process.stderr.write(line)): Logger {
  const line = (level: string) => (event: string, fields: LogFields = {}) =>
    write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...fields })}\n`);
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

/** What is safe to log of something thrown: its own words for an SdpError, message and top of the stack otherwise. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return (thrown.stack ?? thrown.message).split('\n').slice(0, 6).join(' | ');
}
