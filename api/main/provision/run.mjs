/** Runs programs for `npm start`: argv arrays, a time limit, the last lines kept for when it fails. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const KEPT_BYTES = 8 * 1024;

/**
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, onLine?: (line: string) => void }} [options]
 *   timeout in milliseconds, default ten minutes
 * @returns {Promise<{ code: number | null, output: string }>} the last 8 KiB of what it printed
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_BYTES);
      const line = String(chunk).trim().split('\n').at(-1)?.trim();
      if (line) options.onLine?.(line.slice(0, 100));
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 600_000);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

/** Where administrators' programs are, whether or not PATH names them. */
const ALSO = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/go/bin'];

/**
 * @param {string} name
 * @returns {string | undefined} path of a program
 */
export function which(name) {
  for (const directory of [...(process.env.PATH ?? '').split(delimiter), ...ALSO]) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** Lets every later program be found where `which` finds it, in this process and its children. */
export function widenPath() {
  const parts = (process.env.PATH ?? '').split(delimiter).filter((part) => part !== '');
  process.env.PATH = [...parts, ...ALSO.filter((part) => !parts.includes(part))].join(delimiter);
}
