/** Unix sockets in directories deeper than the kernel allows. */
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';

/** The kernel's limit for socket addresses is 107 bytes; a data directory may well lie deeper. */
const MAX_SOCKET_PATH = 100;

/** A connected socket. @throws the system's error */
export async function connectTo(path: string): Promise<Socket> {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return connected(path);
  const directory = await open(dirname(path));
  try {
    return await connected(`/proc/self/fd/${directory.fd}/${basename(path)}`);
  } finally {
    await directory.close();
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
