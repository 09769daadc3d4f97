/**
 * Lines of a socket as they come, in gulps while they come fast. HAProxy is woken for every line that somebody waits
 * for; while its reader is behind, it is not, and what it holds then goes over in large pieces.
 */
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

/** More bytes than this in `LOOK_MS` are fast: about 1,500 requests a second. */
const FAST_BYTES = 64 * 1024;
const LOOK_MS = 200;
/** HAProxy keeps the lines of a second and more at the highest rate that it reaches beside its reader. */
const PAUSE_MS = 400;
/** A smaller piece means that there is no more for now. */
const LAST_PIECE = 16 * 1024;

export function eachLine(socket: Socket, take: (line: string) => void, ended: () => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let bytes = 0;
  let since = Date.now();
  const pace = (size: number): void => {
    bytes += size;
    const now = Date.now();
    const fast = bytes > FAST_BYTES;
    if (fast && size < LAST_PIECE) {
      socket.pause();
      setTimeout(() => socket.resume(), PAUSE_MS).unref();
    } else if (now - since < LOOK_MS || fast) {
      return;
    }
    bytes = 0;
    since = now;
  };
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
    pace(chunk.length);
  });
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  socket.on('close', ended);
  socket.unref();
}
