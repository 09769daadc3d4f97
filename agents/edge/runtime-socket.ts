/** HAProxy's runtime socket: one line of `;`-separated commands per connection, answers until it closes. */
import { SdpError } from '#schema/errors';
import { connectTo } from './socket-path.ts';

/** A command line must fit HAProxy's buffer (tune.bufsize, 32 KiB). */
const MAX_LINE = 12_000;
const MAX_ANSWER = 64 * 1024 * 1024;

export interface RuntimeSocket {
  /** Answer of one line of commands. @throws SdpError edge_failed when it cannot be reached in time */
  ask(line: string): Promise<string>;
  /** Runs commands that say nothing when they succeed, in order. @throws SdpError edge_failed with what HAProxy says */
  write(commands: readonly string[]): Promise<void>;
}

export function runtimeSocket(path: string, timeoutMs = 5_000): RuntimeSocket {
  const ask = (line: string): Promise<string> => exchange(path, line, timeoutMs);
  return {
    ask,
    async write(commands) {
      for (const line of inLines(commands)) {
        const answer = (await ask(line)).trim();
        if (answer !== '') throw new SdpError('edge_failed', `The edge refused a change: ${answer.slice(0, 300)}`);
      }
    },
  };
}

/** Commands joined into as few lines as fit. */
export function inLines(commands: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const command of commands) {
    if (line !== '' && line.length + command.length > MAX_LINE) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? command : `${line};${command}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}

async function exchange(path: string, line: string, timeoutMs: number): Promise<string> {
  const socket = await connectTo(path).catch((error: unknown) => {
    throw unreachable(path, error);
  });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(unreachable(path, error));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.on('data', (chunk) => {
      size += chunk.length;
      if (size > MAX_ANSWER) fail(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    socket.on('error', fail);
    socket.on('close', () => {
      clearTimeout(timer);
      // A complete answer ends with an empty line; a worker that dies half-way must not look like a short list.
      const text = Buffer.concat(chunks).toString('utf8');
      if (text.endsWith('\n')) resolve(text);
      else reject(unreachable(path, new Error('the connection ended before the answer')));
    });
    // Half-closed: the master's socket answers only then.
    socket.end(`${line}\n`);
  });
}

function unreachable(path: string, cause: unknown): SdpError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SdpError('edge_failed', `The edge's runtime socket ${path} cannot be used: ${why}`, {
    hint: 'Is the container of the edge running? The agent starts it again by itself.',
    cause,
  });
}
