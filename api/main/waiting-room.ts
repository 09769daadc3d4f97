/** What a control plane answers while another one has the lease on its database. */
import { createServer, type Server } from 'node:http';
import { SdpError } from '#schema/errors';
import { problemOf } from '../http/problem.ts';

export interface WaitingRoom {
  /** Says for whom, in words. */
  say(reason: string): void;
  close(): Promise<void>;
}

const HINT = 'Use that one; this one takes over when it ends.';

/** Alive but not ready. @throws SdpError unavailable when the address is taken */
export async function openWaitingRoom({ host, port }: { host: string; port: number }, reason: string): Promise<WaitingRoom> {
  let told = reason;
  const server: Server = createServer((request, response) => {
    const alive = request.url === '/healthz';
    const body = alive ? { status: 'ok', waiting: told } : problemOf(new SdpError('unavailable', told, { hint: HINT }));
    response.writeHead(alive ? 200 : 503, { 'content-type': alive ? 'application/json' : 'application/problem+json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(new SdpError('unavailable', `${told} ${host}:${port} cannot be listened on meanwhile: ${taken ? 'the port is taken' : error.message}.`, { hint: 'Stop that control plane, or give this one another address.' }));
    });
    server.listen(port, host, resolve);
  });
  return {
    say: (next) => void (told = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
