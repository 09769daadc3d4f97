/** Runs a program of the machine: argv, a time limit, what it printed. */
import { execFile } from 'node:child_process';
import { SdpError } from '#schema/errors';

interface RunOptions {
  cwd?: string;
  /** The whole environment; default is this process's. */
  env?: Record<string, string>;
  /** Milliseconds; default 60 s. */
  timeout?: number;
}

/** Standard output. @throws SdpError internal, with the program's last words, when it fails or takes too long. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      {
        cwd: options.cwd,
        env: (options.env ?? process.env) as NodeJS.ProcessEnv,
        timeout: options.timeout ?? 60_000,
        killSignal: 'SIGKILL',
        maxBuffer: 16 * 1024 * 1024,
        encoding: 'utf8',
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const words = stderr.trim().split('\n').slice(-5).join('\n') || error.message;
        reject(new SdpError('internal', `${program} ${args[0] ?? ''} failed: ${words}`, { cause: error }));
      },
    );
  });
}
