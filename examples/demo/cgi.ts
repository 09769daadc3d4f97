/** Hands one HTTP request to `git http-backend` (CGI, RFC 3875) and its answer back. */
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';

const END_OF_HEAD = /\r?\n\r?\n/;
/** A head longer than this is not one. */
const MAX_HEAD_BYTES = 64 * 1024;

function environment(request: IncomingMessage, root: string, path: string, user: string): NodeJS.ProcessEnv {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const header = (name: string): string => String(request.headers[name] ?? '');
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_PROTOCOL: header('git-protocol'),
    REMOTE_USER: user,
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
    REQUEST_METHOD: request.method ?? 'GET',
    PATH_INFO: path,
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: header('content-type'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    SERVER_PROTOCOL: 'HTTP/1.1',
    // Absent for a chunked body: http-backend then reads to the end.
    ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: header('content-length') }),
    // Types of web libraries ask for NODE_ENV in every environment.
  } as unknown as NodeJS.ProcessEnv;
}

/** Writes a CGI head to the response. */
function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else if (colon > 0) response.setHeader(name, value);
  }
  response.writeHead(status);
}

/** `path` is the repository's path below `root`, beginning with a slash. */
export function httpBackend(
  request: IncomingMessage,
  response: ServerResponse,
  place: { root: string; path: string; user: string },
  log: (line: string) => void,
): void {
  const child = spawn('git', ['http-backend'], {
    env: environment(request, place.root, place.path, place.user),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let head = Buffer.alloc(0);
  let headWritten = false;

  const fail = (why: string): void => {
    log(`git http-backend ${place.path}: ${why}`);
    if (headWritten) response.destroy();
    else response.writeHead(500, { 'content-type': 'text/plain' }).end('The git server failed.\n');
    headWritten = true;
  };

  child.on('error', (error) => fail(error.message));
  child.stderr.on('data', (chunk: Buffer) => log(chunk.toString().trimEnd()));
  // A client that goes away breaks this pipe; the child ends by itself.
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  response.on('close', () => child.kill('SIGTERM'));

  child.stdout.on('data', (chunk: Buffer) => {
    if (headWritten) {
      if (!response.write(chunk)) {
        child.stdout.pause();
        response.once('drain', () => child.stdout.resume());
      }
      return;
    }
    head = Buffer.concat([head, chunk]);
    const text = head.toString('latin1');
    const end = END_OF_HEAD.exec(text);
    if (end !== null) {
      headWritten = true;
      writeHead(response, text.slice(0, end.index));
      response.write(head.subarray(end.index + end[0].length));
    } else if (head.length > MAX_HEAD_BYTES) {
      child.kill('SIGKILL');
      fail('no head');
    }
  });
  child.on('close', (code) => {
    if (!headWritten) fail(`ended with ${code} before its head`);
    else response.end();
  });
}
