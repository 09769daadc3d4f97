/** A URL that a route leads to, taken apart. */

export type ParsedTarget =
  | { ok: true; scheme: 'http' | 'https'; hostname: string; port: number; host: string; prefix: string }
  | { ok: false; problem: string };

/** User info and other schemes are refused; a query or fragment is dropped. */
export function parseTarget(text: string): ParsedTarget {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { ok: false, problem: 'The address of the route cannot be read' };
  }
  const scheme = url.protocol === 'https:' ? 'https' : url.protocol === 'http:' ? 'http' : undefined;
  if (scheme === undefined) return { ok: false, problem: `The route leads to ${url.protocol} and only http and https are possible` };
  if (url.username !== '' || url.password !== '') {
    return { ok: false, problem: 'The address of the route has a user name in it, which is not passed on' };
  }
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return { ok: true, scheme, hostname, port, host: url.host, prefix: url.pathname.replace(/\/+$/, '') };
}
