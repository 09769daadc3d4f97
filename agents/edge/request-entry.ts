/** From a line of HAProxy's memory to a request as people read it: pure. */
import { EDGE_SUFFIX } from '#schema/names';
import type { EdgeEntry, EdgeRequest } from '#schema/wire/requests';
import { failureOf } from './failure-words.ts';
import { LogLine } from './log-line.ts';
import { FIELD } from './target-value.ts';

export type NotedRequest = Omit<EdgeRequest, 'seq'>;

/** What tells one line from every other of the same process. */
export interface Noted {
  request: NotedRequest;
  /** HAProxy's own number of it: rises in the order of arrival, with gaps; lines come in the order of their end. */
  count: number;
  /** When it ended, in milliseconds since 1970. */
  end: number;
}

const ENTRIES: ReadonlySet<string> = new Set(['gateway', 'shared', 'service', 'inside'] satisfies EdgeEntry[]);
const DIALLED: ReadonlySet<string> = new Set(['container', 'node', 'http', 'https']);
const BAD_REQUEST = '<BADREQ>';

/** Undefined when the line is none of ours: a notice of HAProxy's, or cut. */
export function parseLine(text: string): Noted | undefined {
  const line = LogLine.of(text);
  if (line === undefined) return undefined;
  const entry = line.get('frontend');
  const count = Number(line.get('count'));
  const end = Number(line.get('end'));
  if (!ENTRIES.has(entry) || !(count >= 0) || !(end > 0)) return undefined;
  const durationMs = Math.max(0, Number(line.get('duration')) || 0);
  const route = line.get('route').split('|');
  const method = line.get('method');
  const request: NotedRequest = {
    at: new Date(end - durationMs).toISOString(),
    id: line.get('id'),
    entry: entry as EdgeEntry,
    method: method === BAD_REQUEST ? '?' : method,
    path: method === BAD_REQUEST ? '?' : pathOf(line.get('path')),
    status: Math.max(0, Number(line.get('status')) || 0),
    durationMs,
    target: targetOf(line, route),
  };
  const owner = line.get('owner');
  if (owner !== '') request.sandboxUid = owner;
  const service = serviceOf(line, route);
  if (service !== undefined) request.service = service;
  const failure = failureOf(line, route, request.target.kind);
  if (failure !== undefined) request.failure = failure;
  if (line.get('place') !== '') Object.assign(request, locationOf(line));
  const fault = line.get('fault');
  if (fault !== '') request.fault = fault as 'status';
  return { request, count, end };
}

const part = (route: readonly string[], name: keyof typeof FIELD): string => route[FIELD[name] - 1] ?? '';

function serviceOf(line: LogLine, route: readonly string[]): string | undefined {
  const routed = part(route, 'service');
  if (routed !== '') return routed;
  if (line.get('frontend') !== 'inside') return undefined;
  return new RegExp(`^([a-z0-9-]{1,63})\\.${EDGE_SUFFIX}$`).exec(hostAsked(line))?.[1];
}

const hostAsked = (line: LogLine): string => decode(line.get('place').split('|')[0] ?? '').toLowerCase();

/** Pages of the edge stand in for a target that nobody dialled. */
function targetOf(line: LogLine, route: readonly string[]): NotedRequest['target'] {
  const kind = part(route, 'type');
  const fault = line.get('fault');
  const asked = line.get('backend') !== line.get('frontend') && !line.get('backend').startsWith('page_') && fault !== 'status' && fault !== 'reset';
  if (!asked || !DIALLED.has(kind)) return { kind: 'none' };
  const address = part(route, 'address');
  const host = part(route, 'host');
  return {
    kind: kind as 'container',
    address: `${address.includes(':') ? `[${address}]` : address}:${part(route, 'port')}`,
    ...(host === '' ? {} : { host: decode(host) }),
  };
}

/** HAProxy writes `#` and two digits for every byte that it encodes. */
function pathOf(word: string): string {
  if (word === '') return '*';
  if (!word.includes('#')) return word;
  const bytes = word.replace(/%/g, '%25').replace(/#([0-9A-F]{2})/g, '%$1');
  return decode(bytes);
}

/** Without query and user name; `leaves` when the next request would go elsewhere. */
function locationOf(line: LogLine): Pick<NotedRequest, 'location' | 'leaves'> {
  const location = line.get('place').split('|')[1] ?? '';
  if (location === '') return {};
  const written = decode(location);
  const absolute = /^(https?:)?[\\/]{2}/i.test(written);
  if (!absolute) return { location: written };
  let url: URL;
  try {
    url = new URL(written, 'http://relative.invalid');
  } catch {
    return { location: written.replace(/[^/@]*@/, ''), leaves: true };
  }
  url.username = '';
  url.password = '';
  const asked = hostAsked(line);
  const same = url.host === asked || url.host === asked.replace(url.protocol === 'https:' ? /:443$/ : /:80$/, '');
  const ours = url.hostname.endsWith(`.${EDGE_SUFFIX}`);
  return { location: url.href, ...(same || ours ? {} : { leaves: true }) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return Buffer.from(unescape(text), 'latin1').toString('utf8');
  }
}
