/** The one file of the agent that spawns processes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { SdpError } from '#schema/errors';
import { createOutput } from './output.ts';
import { createRedactor } from './redactor.ts';

/** Between SIGTERM and SIGKILL, and for pipes that outlive their process (milliseconds). */
const GRACE_MS = 2_000;
const DEFAULT_MAX_OUTPUT = 1 << 20;

export interface ProcessRequest {
  /** Program and arguments; never a shell. */
  argv: readonly string[];
  cwd?: string;
  /** All of it: nothing is inherited. */
  env: Readonly<Record<string, string>>;
  input?: string;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Never shown: taken out of everything that the process writes. */
  secrets?: readonly string[];
  /** Each line as it comes, redacted. Progress lines (ended by a carriage return) too. */
  onLine?(line: string, stream: 'stdout' | 'stderr'): void;
  /** Of each stream, the last characters are kept; default 1 MiB. */
  maxOutputBytes?: number;
  /** Texts that the process and its children can read from descriptors 3, 4, ...; they are never closed early. */
  descriptors?: readonly string[];
}

export interface ProcessResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Output was longer than `maxOutputBytes`; the beginning is missing. */
  truncated: boolean;
  /** Whether something was written back on each of `descriptors`. */
  answered: boolean[];
}

/** Process groups that run now: they end with this process. */
const groups = new Set<number>();
process.on('exit', () => {
  for (const pid of groups) killGroup(pid, 'SIGKILL');
});

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone, which is what was wanted.
  }
}

function feed(child: ChildProcess, texts: readonly string[]): boolean[] {
  const answered = texts.map(() => false);
  texts.forEach((text, index) => {
    const pipe = child.stdio[index + 3] as unknown as Duplex;
    // The reader may end before it has read all; that is no failure.
    pipe.on('error', () => undefined);
    pipe.on('data', () => (answered[index] = true));
    pipe.write(text);
  });
  return answered;
}

function notStarted(request: ProcessRequest, error: NodeJS.ErrnoException): SdpError {
  const program = request.argv[0] ?? '';
  if (error.code === 'ENOENT' && request.cwd !== undefined && !existsSync(request.cwd)) {
    return new SdpError('internal', `${program} could not start: the folder ${request.cwd} does not exist.`);
  }
  if (error.code === 'ENOENT') {
    return new SdpError('unavailable', `The program "${program}" is not on this node's PATH.`, {
      hint: `Install ${program} on the node, then restart the agent.`,
    });
  }
  return new SdpError('internal', `${program} could not start: ${error.code ?? error.message}.`);
}

function abortError(program: string, signal: AbortSignal): SdpError {
  return signal.reason instanceof SdpError ? signal.reason : new SdpError('cancelled', `${program} was cancelled.`);
}

/**
 * Runs a program to its end. A bad exit code is a result, not an error.
 * @throws SdpError deadline_exceeded after `timeoutMs`; `signal.reason` or cancelled on abort; unavailable when the
 * program is not there. In each case its whole process group has ended.
 */
export function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const program = request.argv[0] ?? '';
  if (request.signal?.aborted === true) return Promise.reject(abortError(program, request.signal));

  return new Promise((resolve, reject) => {
    const limit = request.maxOutputBytes ?? DEFAULT_MAX_OUTPUT;
    const redactor = createRedactor(request.secrets ?? []);
    const { onLine } = request;
    const out = createOutput(redactor, limit, onLine && ((line) => onLine(line, 'stdout')));
    const err = createOutput(redactor, limit, onLine && ((line) => onLine(line, 'stderr')));

    const texts = request.descriptors ?? [];
    const child = spawn(program, request.argv.slice(1), {
      ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
      env: { ...request.env },
      detached: true,
      shell: false,
      stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...texts.map(() => 'pipe' as const)],
    });
    const { pid } = child;
    if (pid === undefined) {
      child.on('error', (error) => reject(notStarted(request, error)));
      return;
    }
    groups.add(pid);
    const answered = feed(child, texts);
    if (request.input !== undefined) {
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(request.input);
    }
    child.stdout?.on('data', (chunk: Buffer) => out.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.write(chunk));

    let failure: SdpError | undefined;
    let killer: NodeJS.Timeout | undefined;
    const stop = (error: SdpError): void => {
      failure ??= error;
      killGroup(pid, 'SIGTERM');
      killer ??= setTimeout(() => killGroup(pid, 'SIGKILL'), GRACE_MS);
    };
    const timer = setTimeout(() => {
      const seconds = Math.round(request.timeoutMs / 1000);
      stop(new SdpError('deadline_exceeded', `${program} did not end within ${seconds} s and was stopped.`));
    }, request.timeoutMs);
    const onAbort = (): void => {
      if (request.signal !== undefined) stop(abortError(program, request.signal));
    };
    request.signal?.addEventListener('abort', onAbort, { once: true });

    child.on('error', (error) => stop(notStarted(request, error)));
    let straggler: NodeJS.Timeout | undefined;
    child.on('exit', () => {
      // A child of the child may hold the pipes open: it does not outlive its parent for long.
      // What is in its descriptors already is heard first, which takes one turn of the event loop.
      setImmediate(() => setImmediate(() => child.stdio.slice(3).forEach((pipe) => pipe?.destroy())));
      straggler = setTimeout(
        () => {
          killGroup(pid, 'SIGKILL');
          child.stdout?.destroy();
          child.stderr?.destroy();
        },
        failure === undefined ? GRACE_MS : 200,
      );
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(killer);
      clearTimeout(straggler);
      request.signal?.removeEventListener('abort', onAbort);
      killGroup(pid, 'SIGKILL');
      groups.delete(pid);
      out.end();
      err.end();
      if (failure !== undefined) reject(failure);
      else {
        const truncated = out.truncated() || err.truncated();
        resolve({ code, signal, stdout: out.text(), stderr: err.text(), truncated, answered });
      }
    });
  });
}
