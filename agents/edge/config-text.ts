/** Small pieces of haproxy.cfg that several of its parts use. */
import { pagePath } from './paths.ts';
import type { Page } from './pages.ts';
import { FIELD } from './target-value.ts';

/** One part of a map value, as a sample expression. */
export const route = (name: keyof typeof FIELD): string => `var(txn.route),field(${FIELD[name]},|)`;
export const isType = (type: string): string => `{ ${route('type')} -m str ${type} }`;

export const HOP = 'x-sdp-hop';
export const HOP_TO = 'x-sdp-hop-to';
/** On a check's hop between edges: the other edge does not note it either. */
export const CHECK = 'x-sdp-check';
/** On pages of the edge's own, with the page's name: tells them from answers of a target. */
export const PAGE = 'X-SDP-Page';

/** A section of the file. */
export function lines(head: string, rules: readonly string[]): string {
  return `${head}\n${rules.map((rule) => `  ${rule}\n`).join('')}`;
}

/** What a page consists of, as arguments of `return` and `http-error`. */
export function content(page: Page, format: 'html' | 'json'): string {
  const type = format === 'html' ? '"text/html; charset=utf-8"' : 'application/problem+json';
  return `content-type ${type} lf-file ${pagePath(page.name, format)} hdr ${PAGE} ${page.name}`;
}

/** Host that was asked for, and where the answer leads: a query or fragment may hold a token, and is left out. */
export const HOST_ASKED = '%[var(txn.host),url_enc]|';
export const LOCATION = '%[res.fhdr(location),field(1,?\\#),bytes(0,1000),url_enc]';

export const HTML = 'req.hdr(accept) -m sub text/html';
export const asksForHtml = `{ ${HTML} }`;
