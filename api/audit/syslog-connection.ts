/** Ways to a syslog: each takes messages and says whether it can take more. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Writable } from 'node:stream';
import type { SyslogTarget } from './syslog-target.ts';

export interface SyslogConnection {
  /** False: wait for `ready`. */
  write(message: string): boolean;
  close(): void;
}

export interface ConnectionEvents {
  ready(): void;
  /** Once; the connection is of no use any more. */
  lost(why: string): void;
}

export function openSyslog(target: SyslogTarget, events: ConnectionEvents): SyslogConnection {
  switch (target.kind) {
    case 'udp':
      return udp(target, events);
    case 'tcp':
      // RFC 6587, octet counting.
      return stream(connect({ host: target.host, port: target.port }), (message) => `${Buffer.byteLength(message)} ${message}`, events);
    case 'unix':
      return unix(target.path, events);
  }
}

function udp({ host, port }: { host: string; port: number }, events: ConnectionEvents): SyslogConnection {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', (error) => events.lost(error.message));
  socket.unref();
  setImmediate(() => events.ready());
  return {
    write(message) {
      socket.send(message, port, host, (error) => {
        if (error !== null) events.lost(error.message);
      });
      return true;
    },
    close: () => socket.close(),
  };
}

/** A stream socket, or a datagram one, which Node cannot speak to: `logger` can. */
function unix(path: string, events: ConnectionEvents): SyslogConnection {
  let current = stream(connect(path), (message) => `${message}\n`, {
    ready: () => events.ready(),
    lost(why, code?: string) {
      if (code === 'EPROTOTYPE') current = logger(path, events);
      else events.lost(why);
    },
  });
  return { write: (message) => current.write(message), close: () => current.close() };
}

function logger(path: string, events: ConnectionEvents): SyslogConnection {
  const child = spawn('logger', ['--socket', path, '--socket-errors=on', '--rfc5424=notq', '--tag', 'sdp', '--prio-prefix', '--size', '64KiB'], { stdio: ['pipe', 'ignore', 'ignore'] });
  let over = false;
  const lost = (why: string): void => {
    if (!over) events.lost(why);
    over = true;
  };
  child.on('error', (error) => lost(`\`logger\` cannot be started: ${error.message}`));
  child.on('exit', (code) => lost(`\`logger\` ended with ${code ?? 'a signal'}`));
  child.stdin.on('error', (error) => lost(error.message));
  child.stdin.on('drain', () => events.ready());
  setImmediate(() => events.ready());
  return {
    // It writes the header itself; the priority goes before the text.
    write: (message) => child.stdin.write(`${message.replace(/^(<\d+>)1 \S+ \S+ \S+ \S+ \S+ - /, '$1')}\n`),
    close: () => {
      over = true;
      child.stdin.end();
    },
  };
}

function stream(
  socket: Writable & { on(event: 'connect', listener: () => void): unknown; unref(): unknown },
  frame: (message: string) => string,
  events: { ready(): void; lost(why: string, code?: string): void },
): SyslogConnection {
  let over = false;
  const lost = (error: NodeJS.ErrnoException | undefined): void => {
    if (!over) events.lost(error?.message ?? 'it closed the connection', error?.code);
    over = true;
  };
  socket.unref();
  socket.on('connect', () => events.ready());
  socket.on('drain', () => events.ready());
  socket.on('error', (error) => lost(error));
  socket.on('close', () => lost(undefined));
  return {
    write: (message) => socket.write(frame(message)),
    close: () => {
      over = true;
      socket.end();
    },
  };
}
