/** Who asks: bearer token, cookie, or the root-only socket. One function for HTTP and WebSocket. */
import type { IncomingMessage } from 'node:http';
import { SdpError } from '#schema/errors';
import type { Caller } from '../http/context.ts';
import { originAllowed, provesSameOrigin } from './origin.ts';
import type { Sessions } from './sessions.ts';
import { bearerOf } from './tokens.ts';

export const SESSION_COOKIE = 'sdp_session';
/** User name under which the root-only socket acts and is audited (C7); nobody can log in as it. */
export const LOCAL_USER = 'local';

export interface AuthenticateOptions {
  sessions: Pick<Sessions, 'find'>;
  /** Whether the connection came over the root-only socket. */
  isLocal(request: IncomingMessage): boolean;
  allowedOrigins: readonly string[];
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

function cookieOf(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, ...value] = part.trim().split('=');
    if (name === SESSION_COOKIE && value.length > 0) return value.join('=');
  }
  return undefined;
}

export type Authenticate = (request: IncomingMessage) => Promise<Caller>;

/**
 * A bearer token goes before a cookie. A cookie alone proves no intent: changes and WebSockets need a same origin.
 * @throws SdpError unauthenticated, forbidden for a foreign origin
 */
export function authenticator({ sessions, isLocal, allowedOrigins }: AuthenticateOptions): Authenticate {
  return async (request) => {
    if (isLocal(request)) return { username: LOCAL_USER, via: 'local' };
    const upgrade = request.headers.upgrade !== undefined;
    if (upgrade && originAllowed(request, allowedOrigins) === false) throw foreignOrigin();
    const bearer = bearerOf(request.headers.authorization);
    const token = bearer ?? cookieOf(request.headers.cookie);
    const caller = token === undefined ? undefined : await sessions.find(token, bearer === undefined ? 'cookie' : 'bearer');
    if (caller === undefined) {
      const message = token === undefined ? 'This needs a login.' : 'The session has ended.';
      throw new SdpError('unauthenticated', message, { hint: 'Log in: `sdp login`, or the login page.' });
    }
    const changes = upgrade || !SAFE_METHODS.has(request.method ?? 'GET');
    if (caller.via === 'cookie' && changes && !provesSameOrigin(request, allowedOrigins)) throw foreignOrigin();
    return caller;
  };
}

function foreignOrigin(): SdpError {
  return new SdpError('forbidden', 'The request comes from another site.', {
    hint: 'Use the UI at its own address; programs send a bearer token instead of a cookie.',
  });
}
