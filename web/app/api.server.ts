/** The API as loaders and actions see it: HTTP with the visitor's cookie, problems as values or as answers. */
import { redirect } from '@remix-run/node';
import type { AppLoadContext } from '@remix-run/node';
import type { Problem } from '#schema/http';

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  json?: unknown;
  yaml?: string;
  ifMatch?: number;
}

export type Result<T> = { ok: true; value: T; response: Response } | { ok: false; problem: Problem };

function apiUrlOf(context: AppLoadContext): string {
  const apiUrl = context['apiUrl'];
  return typeof apiUrl === 'string' ? apiUrl : process.env['SDP_URL'] ?? 'http://127.0.0.1:7070';
}

export function problemOf(status: number, title: string, detail: string): Problem {
  return { type: 'about:blank', title, status, detail, code: 'internal', message: detail };
}

async function readProblem(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null && 'code' in body) return body as Problem;
  return problemOf(response.status, 'Something went wrong', `The API answered ${response.status}.`);
}

function requestOf({ method = 'GET', json, yaml, ifMatch }: Call, request: Request, apiUrl: string): RequestInit {
  const headers = new Headers({ Accept: 'application/json' });
  const cookie = request.headers.get('cookie');
  if (cookie !== null) headers.set('Cookie', cookie);
  // Remix has checked the browser's Origin for forms; towards the API this server is the origin.
  if (method !== 'GET') headers.set('Origin', new URL(apiUrl).origin);
  if (ifMatch !== undefined) headers.set('If-Match', `"${ifMatch}"`);
  const init: RequestInit = { method, headers, redirect: 'manual' };
  if (yaml !== undefined) {
    headers.set('Content-Type', 'application/yaml');
    init.body = yaml;
  } else if (json !== undefined) {
    headers.set('Content-Type', 'application/json');
    init.body = JSON.stringify(json);
  }
  return init;
}

export interface Api {
  /** The problem as a value: for actions, which show it beside what was typed. A lost session still leads to the login. */
  try<T>(path: string, call?: Call): Promise<Result<T>>;
  /** @throws Response with the problem, shown by the error boundary; a redirect to the login when the session ended */
  get<T>(path: string): Promise<T>;
}

export function apiOf(request: Request, context: AppLoadContext): Api {
  const apiUrl = apiUrlOf(context);
  const attempt = async <T>(path: string, call: Call = {}): Promise<Result<T>> => {
    let response: Response;
    try {
      const init = requestOf(call, request, apiUrl);
      response = await fetch(
        `${apiUrl}/api/v1${path}`,
        call.method === undefined ? { ...init, signal: request.signal } : init
      );
    } catch (thrown) {
      if (request.signal.aborted) throw thrown;
      return {
        ok: false,
        problem: problemOf(
          503,
          'The API cannot be reached',
          'The control plane does not answer. Try again in a moment.'
        ),
      };
    }
    if (response.status === 401 && !path.startsWith('/login')) throw redirect(loginPath(request));
    if (!response.ok) return { ok: false, problem: await readProblem(response) };
    const value = (response.status === 204 ? undefined : await response.json()) as T;
    return { ok: true, value, response };
  };
  return {
    try: attempt,
    async get<T>(path: string): Promise<T> {
      const result = await attempt<T>(path);
      if (result.ok) return result.value;
      throw Response.json(result.problem, { status: result.problem.status });
    },
  };
}

/** Where to log in, and to come back to the page that was wanted. */
export function loginPath(request: Request): string {
  const url = new URL(request.url);
  if (request.method !== 'GET') url.search = '';
  url.searchParams.delete('_routes');
  const wanted = url.pathname.replace(/\.data$/, '').replace(/^\/_root$/, '/') + url.search;
  return wanted === '/' || wanted.startsWith('/login') || wanted.startsWith('/logout')
    ? '/login'
    : `/login?to=${encodeURIComponent(wanted)}`;
}

/** A path of this site and nothing else, whatever a link says. */
export function safePath(to: string | null): string {
  return to !== null && /^\/(?![/\\])/.test(to) ? to : '/';
}
