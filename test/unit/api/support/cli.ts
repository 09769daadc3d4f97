/** Runs the command line in this process against a server, and takes what it prints. */
import { createProgram, runCli } from '#api/cli/program';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** @param connection where, and as whom */
export async function cli(connection: { url: string; token: string }, ...argv: string[]): Promise<Ran> {
  const before = { url: process.env['SDP_URL'], token: process.env['SDP_TOKEN'], exitCode: process.exitCode };
  const written = { out: '', err: '' };
  const take = (where: 'out' | 'err') => (chunk: unknown, ...rest: unknown[]): boolean => {
    written[where] += String(chunk);
    for (const done of rest) if (typeof done === 'function') (done as () => void)();
    return true;
  };
  const { stdout, stderr } = process;
  const [outWrite, errWrite] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
  stdout.write = take('out') as typeof stdout.write;
  stderr.write = take('err') as typeof stderr.write;
  process.env['SDP_URL'] = connection.url;
  process.env['SDP_TOKEN'] = connection.token;
  process.exitCode = undefined;
  const listeners = new Set(stdout.listeners('error'));
  try {
    const program = createProgram('0.1.0', () => undefined);
    program.configureOutput({ writeErr: (text) => void (written.err += text), writeOut: (text) => void (written.out += text) });
    const code = await runCli(program, argv);
    return { code, ...written };
  } finally {
    stdout.write = outWrite;
    stderr.write = errWrite;
    process.exitCode = before.exitCode;
    for (const added of stdout.listeners('error')) if (!listeners.has(added)) stdout.removeListener('error', added as () => void);
    restore('SDP_URL', before.url);
    restore('SDP_TOKEN', before.token);
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
