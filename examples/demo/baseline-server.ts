/** What stands in OCP's place: one HTTPS server that answers for every service and says "baseline". */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Certificates } from './certificates.ts';
import { listen, type Listening } from './listen.ts';

/** Services of the baseline, and the host names that only `baseline.hosts` of the agents knows. */
export const BASELINE_HOSTS: Readonly<Record<string, string>> = {
  account: 'account-dev.sdp-demo.internal',
  payment: 'payment-dev.sdp-demo.internal',
  user: 'user-dev.sdp-demo.internal',
};

/** What a service says beyond who it is; enough to see that it is the service that was asked for. */
const SAYS: Readonly<Record<string, Record<string, unknown>>> = {
  account: { loginError: 'Error 500' },
  payment: { payments: [{ id: 1, amount: 1250, currency: 'EUR' }] },
  user: { name: 'Lovelace, Ada' },
};

const MAX_BODY_BYTES = 16 * 1024 * 1024;

async function sizeOf(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) break;
  }
  return bytes;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const service = Object.keys(BASELINE_HOSTS).find((name) => BASELINE_HOSTS[name] === host);
  const { pathname } = new URL(request.url ?? '/', 'https://localhost');
  const bytes = await sizeOf(request);
  const requestId = request.headers['x-request-id'];
  const body =
    service === undefined
      ? { servedBy: 'baseline', error: `No service is called ${host}.` }
      : {
          service,
          servedBy: 'baseline',
          branch: 'release',
          version: '1.3.9',
          hostname: host,
          method: request.method,
          path: pathname,
          ...(bytes > 0 ? { bodyBytes: bytes } : {}),
          ...(requestId === undefined ? {} : { requestId }),
          ...(pathname === '/healthz' ? { status: 'ok' } : SAYS[service]),
        };
  response.writeHead(service === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}

/** @param port 0 takes any free one. @throws SdpError unavailable when the port cannot be had */
export async function startBaseline(options: { port: number; certificates: Certificates }): Promise<Listening> {
  const [cert, key] = await Promise.all([
    readFile(options.certificates.certFile),
    readFile(options.certificates.keyFile),
  ]);
  const server = createServer({ cert, key }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  return listen(server as unknown as Server, options.port, 'The baseline server');
}
