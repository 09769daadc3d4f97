/** The root-only socket: the same API without a login, on the server's own host (C7). */
import { existsSync, lstatSync, unlinkSync, chmodSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { SdpError } from '#schema/errors';

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}

/**
 * Listens with mode 0600. A socket that a killed server left behind is replaced; anything else at the path is not.
 * @throws SdpError unavailable
 */
export async function listenLocally(server: Server, path: string): Promise<void> {
  if (existsSync(path)) {
    if (!lstatSync(path).isSocket()) throw new SdpError('unavailable', `${path} is there and is no socket.`, { hint: 'Choose another path.' });
    if (await somebodyListens(path)) throw new SdpError('unavailable', `Another SDP server listens at ${path}.`, { hint: 'Stop it first.' });
    unlinkSync(path);
  }
  // Created closed for others; no moment in which somebody else could connect.
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.removeListener('error', reject);
        resolve();
      });
      // The socket is bound within listen(), so the mask is needed no longer.
      process.umask(before);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
}
