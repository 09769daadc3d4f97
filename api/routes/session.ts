/** Login, logout, who am I (C1, C2). */
import type { IncomingMessage } from 'node:http';
import { SdpError } from '#schema/errors';
import { SDP_USER } from '#schema/names';
import type { LoginResponse, WhoAmI } from '#schema/http';
import type { Credentials } from '#schema/wire/commands';
import { LOCAL_USER, SESSION_COOKIE } from '../auth/authenticate.ts';
import { proveLogin } from '../auth/login.ts';
import { originAllowed } from '../auth/origin.ts';
import { SESSION_SECONDS } from '../auth/sessions.ts';
import { audited } from '../http/audited.ts';
import { mediaType, readObject } from '../http/body.ts';
import { flag, type ApiRouter, type Context } from '../http/context.ts';
import { requiredString } from '../http/fields.ts';
import type { ApiDeps } from './deps.ts';

export function sessionRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/logout', async (ctx) => {
    const { username, tokenHash } = ctx.state.caller;
    await audited(deps, { user: username, action: 'logout' }, async () => {
      if (tokenHash !== undefined) await deps.sessions.revoke(username, tokenHash);
    });
    if (ctx.state.caller.via === 'cookie') ctx.append('Set-Cookie', cookie(ctx, deps, '', 0));
    ctx.status = 204;
  });
  router.get('/api/v1/whoami', (ctx) => {
    const { username, expiresAt } = ctx.state.caller;
    const body: WhoAmI = {
      username,
      canFetch: deps.vault.credentialsOf(username) !== undefined,
      expiresAt: expiresAt ?? '',
      server: { version: deps.version, installation: deps.installation },
    };
    ctx.body = body;
  });
}

/** The one route of the API that needs no login. */
export function loginRoute(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/login', (ctx) => login(ctx, deps));
}

/** Secure where people come over TLS: by the public address, or by what the browser says of its own page. */
function cookie(ctx: Context, deps: ApiDeps, value: string, maxAge: number): string {
  const secure = deps.secureCookies || ctx.get('Origin').startsWith('https:') ? '; Secure' : '';
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}${secure}`;
}

/** @throws SdpError invalid_request */
function credentialsOf(body: Record<string, unknown>): Credentials {
  const username = requiredString(body, 'username', 256).trim();
  const password = requiredString(body, 'password', 4096);
  // A line break would end a line of git's credential protocol.
  if (username === '' || /[\0-\x1f\x7f]/.test(username) || /[\0\r\n]/.test(password)) {
    throw new SdpError('invalid_request', 'User name and password must not hold control characters.');
  }
  if (username === SDP_USER) throw new SdpError('invalid_request', `"${SDP_USER}" is SDP itself; nobody can log in as it.`);
  if (username.toLowerCase() === LOCAL_USER) {
    throw new SdpError('invalid_request', `"${LOCAL_USER}" is the name of the server's own host; nobody can log in as it.`);
  }
  return { username, password };
}

const address = (request: IncomingMessage): string => request.socket.remoteAddress ?? '';

async function login(ctx: Context, deps: ApiDeps): Promise<void> {
  if (originAllowed(ctx.req, deps.allowedOrigins) === false) {
    throw new SdpError('forbidden', 'The login comes from another site.', { hint: 'Use the login page of this server.' });
  }
  const credentials = credentialsOf(await readObject(ctx.req));
  const { username } = credentials;
  const prove = (): Promise<void> => proveLogin(deps.hub, deps.clock, deps.epoch, credentials);
  const isFailure = (thrown: unknown): boolean => thrown instanceof SdpError && thrown.code === 'bad_credentials';
  const session = await audited(deps, { user: username, action: 'login' }, async () => {
    await deps.throttle.attempt(`${username.toLowerCase()} ${address(ctx.req)}`, prove, isFailure);
    return deps.sessions.open(credentials);
  });
  const asCookie = flag(ctx, 'cookie') || mediaType(ctx.req) === 'application/x-www-form-urlencoded';
  if (asCookie) ctx.append('Set-Cookie', cookie(ctx, deps, session.token, SESSION_SECONDS));
  ctx.set('Cache-Control', 'no-store');
  const body: LoginResponse = { token: asCookie ? '' : session.token, username, expiresAt: session.expiresAt };
  ctx.body = body;
}
