/** HTTP and stream client of the CLI. Errors of the server arrive as the SdpError that it threw. */
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';
import { WebSocket } from 'ws';
import { SdpError, type ErrorBody } from '#schema/errors';
import { STREAM_PATH, type StreamFilter, type StreamMessage } from '#schema/stream';
import type { Connection } from './settings.ts';

export interface RequestOptions {
  body?: unknown;
  /** Sent as application/yaml in place of a JSON body. */
  yaml?: string;
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
}

function withQuery(path: string, query: RequestOptions['query']): string {
  const entries = Object.entries(query ?? {}).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]]));
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries).toString()}`;
}

export class ApiClient {
  /** @param force changes go past others' holds, as an admin's may */
  constructor(
    readonly connection: Connection,
    readonly force = false,
  ) {}

  /** @param path under /api/v1 */
  get<T>(path: string, query?: RequestOptions['query']): Promise<T> {
    return this.request<T>('GET', path, query === undefined ? {} : { query });
  }

  /** An answer that is text and no JSON. */
  async text(method: 'GET' | 'POST', path: string, body?: unknown): Promise<string> {
    const headers = { accept: 'application/yaml', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await this.send(method, `/api/v1${path}`, headers, body === undefined ? undefined : JSON.stringify(body));
    if (answer.status >= 400) throw failure(answer.status, answer.text);
    return answer.text;
  }

  post<T>(path: string, body: unknown = {}, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('POST', path, { body, ...options });
  }

  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const payload = options.yaml ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
    if (payload !== undefined) headers['content-type'] = options.yaml === undefined ? 'application/json' : 'application/yaml';
    const query = this.force && method !== 'GET' ? { ...options.query, force: true } : options.query;
    const answer = await this.send(method, withQuery(`/api/v1${path}`, query), headers, payload);
    if (answer.status >= 400) throw failure(answer.status, answer.text);
    return (answer.text === '' ? undefined : JSON.parse(answer.text)) as T;
  }

  /** Hands an answer on as it comes, whatever its size. @param path under /api/v1 */
  async copy(path: string, query: RequestOptions['query'], to: NodeJS.WritableStream): Promise<void> {
    const response = await this.open('GET', withQuery(`/api/v1${path}`, query), {}, undefined);
    if ((response.statusCode ?? 0) >= 400) throw failure(response.statusCode ?? 0, await textOf(response));
    await pipeline(response, to, { end: false });
  }

  private async send(method: string, path: string, headers: Record<string, string>, payload: string | undefined): Promise<{ status: number; text: string }> {
    const response = await this.open(method, path, headers, payload);
    return { status: response.statusCode ?? 0, text: await textOf(response) };
  }

  private open(method: string, path: string, headers: Record<string, string>, payload: string | undefined): Promise<http.IncomingMessage> {
    const { url, token, socket } = this.connection;
    const target = new URL(path, url);
    const options: https.RequestOptions = {
      method,
      // A kept connection may be closed by the server while the next request is on its way.
      agent: false,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(socket === undefined ? {} : { socketPath: socket }),
    };
    return new Promise((resolve, reject) => {
      const request = (target.protocol === 'https:' ? https : http).request(target, options, resolve);
      request.on('error', (error) => reject(this.unreachable(error)));
      request.end(payload);
    });
  }

  private unreachable(cause: Error): SdpError {
    const { url, socket } = this.connection;
    const hint = socket === undefined
      ? 'Start it with `npm start` or `sdp server`, or name another one with --server or SDP_URL.'
      : 'Run this on the server\'s own host as root, and name its socket with --socket or SDP_LOCAL_SOCKET.';
    return new SdpError('unavailable', `No SDP server answers at ${socket ?? url}: ${cause.message}`, { hint, cause });
  }

  /** Events until the callback asks to end by returning true, the signal aborts, or the connection ends. */
  stream(filter: StreamFilter, onMessage: (message: StreamMessage) => boolean | void, signal?: AbortSignal): Promise<void> {
    const { url, token, socket } = this.connection;
    const path = withQuery(STREAM_PATH, { ...filter });
    const address = socket === undefined ? `${url.replace(/^http/, 'ws')}${path}` : `ws+unix://${socket}:${path}`;
    return new Promise((resolve, reject) => {
      const socketClient = new WebSocket(address, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
      const end = (): void => socketClient.close();
      signal?.addEventListener('abort', end);
      socketClient.on('message', (data) => {
        if (onMessage(JSON.parse(String(data)) as StreamMessage) === true) end();
      });
      socketClient.on('unexpected-response', (_request, response) => reject(failure(response.statusCode ?? 0, '')));
      socketClient.on('error', (error) => reject(this.unreachable(error)));
      socketClient.on('close', () => {
        signal?.removeEventListener('abort', end);
        resolve();
      });
    });
  }
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function failure(status: number, text: string): SdpError {
  try {
    const problem = JSON.parse(text) as ErrorBody & { detail?: string };
    return SdpError.fromBody({ ...problem, message: problem.message ?? problem.detail ?? `The server answered ${status}.` });
  } catch {
    return new SdpError(status === 401 ? 'unauthenticated' : 'internal', `The server answered ${status}.`, {
      hint: status === 401 ? 'Log in with `sdp login`.' : undefined,
    });
  }
}
