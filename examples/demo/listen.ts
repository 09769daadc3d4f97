/** A server on loopback that can be ended although clients keep connections open. */
import type { Server } from 'node:http';
import { SdpError } from '#schema/errors';

export interface Listening {
  port: number;
  close(): Promise<void>;
}

/** @param port 0 takes any free one. @throws SdpError unavailable when the port cannot be had */
export async function listen(server: Server, port: number, what: string): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new SdpError('unavailable', `${what} cannot listen on 127.0.0.1:${port}: ${error.message}`)),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
