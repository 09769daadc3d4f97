/** One GET through a gateway's port, as the mobile app would send it. The edge's log tells where it went. */
import http from 'node:http';
import { SdpError } from '#schema/errors';
import type { CommandResultOf, TraceCommand } from '#schema/wire/commands';
import { withoutQuery } from './trimmed.ts';

/** Milliseconds for the whole answer. */
const LIMIT_MS = 30_000;
/** Bytes of the answer that are read, and thrown away; the connection ends after them. */
const MAX_BODY_BYTES = 1024 * 1024;

type Result = CommandResultOf['trace'];

/**
 * Follows no redirect. Whatever becomes of the request is an answer; only a command that is over is an error.
 * @param address of this node as people dial it: the Host that the gateway sees
 * @throws SdpError cancelled, deadline_exceeded
 */
export async function sendTrace(
  command: Pick<TraceCommand, 'port' | 'path' | 'requestId'>,
  address: string,
  signal: AbortSignal,
  limitMs = LIMIT_MS,
): Promise<Result> {
  const started = performance.now();
  const limit = AbortSignal.timeout(limitMs);
  const took = (): number => Math.round(performance.now() - started);
  try {
    const answer = await get(command, address, AbortSignal.any([signal, limit]));
    return { ...answer, durationMs: took() };
  } catch (thrown) {
    if (signal.aborted) throw SdpError.from(signal.reason);
    return { durationMs: took(), failure: limit.aborted ? `no whole answer within ${limitMs / 1000} s` : explain(thrown, command.port) };
  }
}

function get(command: Pick<TraceCommand, 'port' | 'path' | 'requestId'>, address: string, signal: AbortSignal): Promise<Omit<Result, 'durationMs'>> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: '127.0.0.1',
      port: command.port,
      path: command.path,
      method: 'GET',
      agent: false,
      signal,
      headers: {
        host: `${address.includes(':') ? `[${address}]` : address}:${command.port}`,
        accept: 'application/json',
        'x-request-id': command.requestId,
        'user-agent': 'sdp-trace',
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const { statusCode, headers } = response;
      const seen = {
        ...(statusCode === undefined ? {} : { status: statusCode }),
        ...(headers.location === undefined ? {} : { location: withoutQuery(headers.location).slice(0, 2_048) }),
        ...(headers['content-type'] === undefined ? {} : { contentType: headers['content-type'].slice(0, 255) }),
      };
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MAX_BODY_BYTES) return;
        resolve(seen);
        request.destroy();
      });
      response.on('end', () => resolve(seen));
      response.on('error', reject);
    });
    request.end();
  });
}

function explain(thrown: unknown, port: number): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return `nothing listens on port ${port}: the edge of this node does not run`;
  if (code === 'ECONNRESET') return 'the connection was closed without an answer';
  return message;
}
