/** What a container prints. */
import { engineFailed } from './engine-api.ts';
import type { EngineContext } from './context.ts';
import { demultiplex, LineDemultiplexer } from './demultiplex.ts';

/** Bytes of output that an observation or error carries. */
export const LAST_OUTPUT_BYTES = 2_048;
/** Lines of a starting container that reach the deployment's log. */
const FIRST_LINES = 200;

/**
 * Reads a container's output from before its start (following through the log driver loses lines). The first 200
 * lines go to `onLine`, all of them keep a tail for errors, until `end` is called.
 */
export async function follow(
  context: EngineContext,
  id: string,
  onLine: (line: string) => void,
): Promise<{ tail(): string; end(): void }> {
  const stream = await context.api
    .stream({
      method: 'POST',
      path: `/containers/${id}/attach`,
      query: { stream: true, stdout: true, stderr: true },
      hijack: true,
    })
    .catch((error: unknown) => {
      throw engineFailed(`Reading the output of container ${id.slice(0, 12)}`, error);
    });
  let lines = 0;
  let tail = '';
  const demultiplexer = new LineDemultiplexer((line) => {
    tail = lastBytes(`${tail}${line}\n`);
    lines += 1;
    if (lines <= FIRST_LINES) onLine(line);
    if (lines === FIRST_LINES + 1) onLine('... (more is in the container\'s own log)');
  });
  stream.on('data', (chunk: Buffer) => demultiplexer.push(chunk));
  stream.on('error', () => undefined);
  stream.on('end', () => demultiplexer.end());
  return {
    tail: () => tail.trimEnd(),
    end: () => {
      demultiplexer.end();
      stream.destroy();
    },
  };
}

/** Last lines from the engine's log; empty when the container never printed. @throws EngineError */
export async function lastOutput(context: EngineContext, id: string): Promise<string> {
  const bytes = await context.api.bytes({
    method: 'GET',
    path: `/containers/${id}/logs`,
    query: { stdout: true, stderr: true, tail: 40 },
    timeoutMs: 10_000,
  });
  return lastBytes(demultiplex(bytes).join('\n')).trimEnd();
}

/** The end of a text, from the beginning of a line where one is in reach. */
export function lastBytes(text: string, limit = LAST_OUTPUT_BYTES): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  const cut = bytes.subarray(bytes.length - limit).toString('utf8').replace(/^\uFFFD+/, '');
  const lineEnd = cut.indexOf('\n');
  return lineEnd >= 0 && lineEnd < cut.length - 1 ? cut.slice(lineEnd + 1) : cut;
}
