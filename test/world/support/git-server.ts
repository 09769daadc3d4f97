/** A real smart-HTTP git server with basic auth: `git http-backend` behind node:http, in Bitbucket's place. */
import { execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface GitServerOptions {
  /** Folder of the bare repositories; made when absent. */
  root: string;
  /** Passwords by user name. Empty: anybody may read. */
  users: Record<string, string>;
  /** 0: any free one. */
  port?: number;
  /** Address to listen on; default 127.0.0.1. Others serve engines in namespaces of their own. */
  host?: string;
}

/** What the server does wrong, on purpose; change it at any time. */
export interface Mischief {
  /** Answers every request with this status instead. */
  status?: number;
  location?: string;
  /** Pack data goes out at this many bytes per second. */
  bytesPerSecond?: number;
  /** Cuts the connection after this many bytes of pack data. */
  cutAfter?: number;
  /** Never answers. */
  silent?: boolean;
}

export interface GitServer {
  url: string;
  port: number;
  mischief: Mischief;
  /** `Authorization` headers seen, decoded, newest last. */
  logins: string[];
  urlOf(repository: string): string;
  close(): Promise<void>;
}

const AUTHOR = {
  GIT_AUTHOR_NAME: 'Dev Eloper',
  GIT_AUTHOR_EMAIL: 'dev@example.com',
  GIT_COMMITTER_NAME: 'Dev Eloper',
  GIT_COMMITTER_EMAIL: 'dev@example.com',
};

/** Runs git for a test, as a developer would; answers what it printed. */
export function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      ...AUTHOR,
    },
  }).trim();
}

/** An empty bare repository on the server's disk. */
export function createBare(root: string, name: string, branch = 'develop'): string {
  const path = join(root, `${name}.git`);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  git(root, 'init', '--quiet', '--bare', `--initial-branch=${branch}`, path);
  return path;
}

function allowed(request: IncomingMessage, users: Record<string, string>, logins: string[]): string | undefined {
  if (Object.keys(users).length === 0) return 'anybody';
  const [, encoded] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const login = Buffer.from(encoded, 'base64').toString('utf8');
  logins.push(login);
  const colon = login.indexOf(':');
  const user = login.slice(0, colon);
  return users[user] !== undefined && users[user] === login.slice(colon + 1) ? user : undefined;
}

function backend(
  request: IncomingMessage,
  response: ServerResponse,
  root: string,
  user: string,
  mischief: Mischief,
): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      REMOTE_USER: user,
      REMOTE_ADDR: '127.0.0.1',
    },
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  response.on('close', () => child.kill('SIGKILL'));

  let head: Buffer | undefined = Buffer.alloc(0);
  let sent = 0;
  const send = (body: Buffer): void => {
    sent += body.length;
    if (mischief.cutAfter !== undefined && url.pathname.endsWith('git-upload-pack') && sent > mischief.cutAfter) {
      response.destroy();
      return;
    }
    response.write(body);
    if (mischief.bytesPerSecond === undefined || !url.pathname.endsWith('git-upload-pack')) return;
    child.stdout.pause();
    setTimeout(() => child.stdout.resume(), (body.length / mischief.bytesPerSecond) * 1000);
  };
  child.stdout.on('data', (chunk: Buffer) => {
    if (head === undefined) return send(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(/:\s*(.*)/s);
      if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    const rest = head.subarray(end + 4);
    head = undefined;
    if (rest.length > 0) send(rest);
  });
  child.stdout.on('end', () => response.end());
}

/** Starts the server on loopback. */
export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  mkdirSync(options.root, { recursive: true });
  const mischief: Mischief = {};
  const logins: string[] = [];
  const server = createServer((request, response) => {
    if (mischief.silent === true) return;
    if (mischief.status !== undefined) {
      response.writeHead(mischief.status, mischief.location === undefined ? {} : { location: mischief.location });
      response.end();
      return;
    }
    const user = allowed(request, options.users, logins);
    if (user !== undefined) return backend(request, response, options.root, user, mischief);
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' });
    response.end('401\n');
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    mischief,
    logins,
    urlOf: (repository) => `${url}/${repository}.git`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
