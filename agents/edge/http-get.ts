/** One bounded GET over a connection that is there already; no more of the answer is read than its beginning. */
import { request, type IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Got {
  status: number;
  headers: IncomingHttpHeaders;
  /** Its first 8 KiB. */
  text: string;
}

const MAX_TEXT = 8 * 1024;

/** Rejects with the connection's error, or with "no answer within ..."; the connection is closed either way. */
export function getOver(
  connection: Duplex,
  order: { path: string; headers: Record<string, string>; timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => connection as never,
      method: 'GET',
      path: order.path,
      headers: { ...order.headers, connection: 'close' },
      setHost: false,
    });
    const end = (): void => {
      clearTimeout(timer);
      order.signal?.removeEventListener('abort', aborted);
      asked.destroy();
      connection.destroy();
    };
    const fail = (error: unknown): void => {
      end();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const aborted = (): void => fail(order.signal?.reason ?? new Error('given up'));
    const timer = setTimeout(() => fail(new Error(`no answer within ${order.timeoutMs / 1000} s`)), order.timeoutMs);
    if (order.signal?.aborted === true) return aborted();
    order.signal?.addEventListener('abort', aborted);
    // Kept after the end as well: what is destroyed may still complain.
    asked.on('error', fail);
    connection.on('error', fail);
    asked.on('response', (response) => {
      let text = '';
      const done = (): void => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        end();
      };
      response.setEncoding('utf8');
      response.on('error', done);
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length >= MAX_TEXT) done();
      });
      response.on('end', done);
    });
    asked.end();
  });
}
