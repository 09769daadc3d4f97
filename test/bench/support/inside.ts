/** Helper programs of a benchmark, each a process of its own in a given network namespace. */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';

/** Starts a program of this folder and waits for its first line, on whichever stream. */
export async function startInside(netns: string, program: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn('nsenter', [`--net=${netns}`, 'node', path.join(import.meta.dirname, program), ...args]);
  await new Promise<void>((resolve, reject) => {
    child.stderr.once('data', () => resolve());
    child.stdout.once('data', () => resolve());
    child.once('close', (code) => reject(new Error(`${program} ended with ${code}`)));
  });
  return child;
}

/** Ends its standard input and answers what it prints, as JSON. */
export async function finish<T>(child: ChildProcess): Promise<T> {
  let out = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdin?.end();
  await closed;
  return JSON.parse(out) as T;
}
