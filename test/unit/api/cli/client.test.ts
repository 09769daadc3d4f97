import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../../../api/cli/client.ts';

let server: Server | undefined;

afterEach(() => server?.close());

describe('the client of the command line', () => {
  it('sends no request over a connection that the server may be closing', async () => {
    const answered = new WeakSet<Socket>();
    const url = await listen((socket) => {
      // As a server whose patience with an idle connection ends at that moment.
      if (answered.has(socket)) socket.resetAndDestroy();
      answered.add(socket);
    });
    const client = new ApiClient({ url });
    expect(await client.get('/one')).toEqual({ path: '/api/v1/one' });
    expect(await client.get('/two')).toEqual({ path: '/api/v1/two' });
  });
});

async function listen(onRequest: (socket: Socket) => void): Promise<string> {
  server = createServer((request, response) => {
    onRequest(request.socket);
    if (!request.socket.destroyed) response.end(JSON.stringify({ path: request.url }));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
