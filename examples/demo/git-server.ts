/** Smart HTTP with basic authentication, as Bitbucket does it: `http://127.0.0.1:PORT/scm/{repository}.git`. */
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { httpBackend } from './cgi.ts';
import { gitUsers } from './git-users.ts';
import { listen } from './listen.ts';

export interface GitServer {
  port: number;
  /** Clone URL without user info. */
  urlOf(repository: string): string;
  close(): Promise<void>;
}

const PATH = /^\/scm\/([A-Za-z0-9][A-Za-z0-9._-]*)\.git(\/[A-Za-z0-9/._-]*)$/;

function refuse(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(`${text}\n`);
}

async function userOf(
  request: IncomingMessage,
  isRight: (name: string, password: string) => Promise<boolean>,
): Promise<string | undefined> {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '');
  if (match === null) return undefined;
  const text = Buffer.from(match[1] ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  const name = text.slice(0, colon);
  return (await isRight(name, text.slice(colon + 1))) ? name : undefined;
}

/**
 * Serves the bare repositories in `repositories` to the people in the file `users`.
 * @param port 0 takes any free one. @throws SdpError unavailable when the port cannot be had
 */
export async function startGitServer(options: {
  repositories: string;
  users: string;
  port: number;
  log(line: string): void;
}): Promise<GitServer> {
  const isRight = gitUsers(options.users);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const user = await userOf(request, isRight);
    if (user === undefined) {
      return refuse(response, 401, 'Authentication is needed.', { 'www-authenticate': 'Basic realm="demo git"' });
    }
    const match = PATH.exec(new URL(request.url ?? '/', 'http://localhost').pathname);
    const repository = match?.[1];
    if (match === null || repository === undefined || !existsSync(join(options.repositories, `${repository}.git`))) {
      return refuse(response, 404, 'There is no such repository.');
    }
    const path = `/${repository}.git${match[2] ?? ''}`;
    httpBackend(request, response, { root: options.repositories, path, user }, options.log);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      options.log(`git server: ${String(error)}`);
      if (!response.headersSent) refuse(response, 500, 'The git server failed.');
      else response.destroy();
    });
  });
  const listening = await listen(server, options.port, 'The git server');
  return {
    ...listening,
    urlOf: (repository) => `http://127.0.0.1:${listening.port}/scm/${repository}.git`,
  };
}
