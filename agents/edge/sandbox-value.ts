/** What the edge tells of a sandbox in headers and pages, as one map value: `name|revision|faults|json|html`. */
import { token } from './target-value.ts';

/** Field numbers, from 1. `faults` is `f` while its route asks for any; `json` and `html` hold its link for pages. */
export const SANDBOX_FIELD = { name: 1, revision: 2, faults: 3, json: 4, html: 5 } as const;

export function sandboxValue(sandbox: { name: string; revision: number; link?: string | undefined; faulty: boolean }): string {
  const link = sandbox.link === undefined ? undefined : harmlessLink(sandbox.link);
  const json = link === undefined ? '' : encodeURIComponent(`,"link":"${link}"`);
  const html = link === undefined ? '' : encodeURIComponent(`<dt>Its page</dt><dd><a href="${link}">${link}</a></dd>`);
  return [token(sandbox.name), String(Math.trunc(sandbox.revision)), sandbox.faulty ? 'f' : '', json, html].join('|');
}

/** A web address that may stand between quotes in HTML and JSON; anything else is no link. */
function harmlessLink(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '') return undefined;
  // "&" begins an entity in HTML: without one, a page's address says as much.
  const { href } = url;
  return /^[A-Za-z0-9:/?#[\]@!$()*+,;=%._~-]+$/.test(href) ? href : undefined;
}
