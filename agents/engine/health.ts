/** Can this address serve? Asked from the host, so that the image needs no shell or client. */
import { request } from 'node:http';
import { connect } from 'node:net';

export interface HealthTarget {
  address: string;
  port: number;
  /** Path that answers 2xx or 3xx; absent: an open port is enough. */
  path?: string;
}

/** Answers undefined when healthy, else why not, in a few words. Never rejects; ends within `timeoutMs`. */
export function probe(target: HealthTarget, timeoutMs: number): Promise<string | undefined> {
  return target.path === undefined ? probePort(target, timeoutMs) : probePath(target, target.path, timeoutMs);
}

function probePort({ address, port }: HealthTarget, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (why?: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => end(`port ${port} did not open within ${timeoutMs} ms`), timeoutMs);
    socket.once('connect', () => end());
    socket.once('error', (error) => end(inWords(error, port)));
  });
}

function probePath({ address, port }: HealthTarget, path: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ host: address, port, path, agent: false, headers: { 'user-agent': 'sdp-health' } }, (response) => {
      const status = response.statusCode ?? 0;
      end(status >= 200 && status < 400 ? undefined : `GET ${path} answered ${status}`);
    });
    const end = (why?: string): void => {
      clearTimeout(timer);
      call.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => end(`GET ${path} did not answer within ${timeoutMs} ms`), timeoutMs);
    call.on('error', (error) => end(inWords(error, port)));
    call.end();
  });
}

function inWords(error: Error & { code?: string }, port: number): string {
  if (error.code === 'ECONNREFUSED') return `nothing listens on port ${port}`;
  return `port ${port}: ${error.message}`;
}
