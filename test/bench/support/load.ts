/** Load from a process of its own, in any network namespace. */
import { spawn } from 'node:child_process';
import path from 'node:path';

const LOAD = path.join(import.meta.dirname, 'load.mjs');

export interface LoadResult {
  requests: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  longest: number;
  failed: number;
  /** The first five. */
  failures: string[];
  /** Requests by who answered. */
  answers: Record<string, number>;
}

export interface LoadOptions {
  /** Path of a network namespace. */
  netns: string;
  url: string;
  connections: number;
  seconds: number;
  host?: string;
  /** Milliseconds between two requests of one connection. */
  pauseMs?: number;
}

/** Runs until its time is over or `stop` is called. */
export function startLoad({ netns, url, connections, seconds, host = '', pauseMs = 0 }: LoadOptions): { done: Promise<LoadResult>; stop(): Promise<LoadResult> } {
  const child = spawn('nsenter', [`--net=${netns}`, 'node', LOAD, url, String(connections), String(seconds), host, String(pauseMs)]);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const done = new Promise<LoadResult>((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(out) as LoadResult) : reject(new Error(`The load ended with ${code}: ${err}`))));
  });
  return {
    done,
    stop: () => {
      child.stdin.end();
      return done;
    },
  };
}

export const load = (options: LoadOptions): Promise<LoadResult> => startLoad(options).done;
