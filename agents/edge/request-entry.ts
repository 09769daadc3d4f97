/** From a line of HAProxy's memory to a request as people read it: pure. */
import { EDGE_SUFFIX } from '#schema/names';
import type { EdgeEntry, EdgeRequest } from '#schema/wire/requests';
import { failureOf } from './failure-words.ts';
import { splitLine, type LogWord } from './log-line.ts';
import { FIELD } from './target-value.ts';

export type NotedRequest = Omit<EdgeRequest, 'seq'>;

/** What tells one line from every other of the same process. */
export interface Noted {
  request: NotedRequest;
  /** HAProxy's own number of it: rises in the order of arrival, with gaps; lines come in the order of their end. */
  count: number;
}

const ENTRIES: readonly string[] = ['gateway', 'shared', 'service', 'inside'] satisfies EdgeEntry[];
const DIALLED: readonly string[] = ['container', 'node', 'http', 'https'];
const FAULTS: readonly string[] = ['status', 'delay', 'reset'];

/** Undefined when the line is none of ours: a notice of HAProxy's, or cut. */
export function parseLine(line: string): Noted | undefined {
  const words = splitLine(line);
  if (words === undefined || !ENTRIES.includes(words.frontend)) return undefined;
  const [count, end, duration] = [words.count, words.end, words.duration].map(Number) as [number, number, number];
  if (![count, end, duration].every(Number.isFinite)) return undefined;
  const durationMs = Math.max(0, duration);
  const badRequest = words.method === '<BADREQ>';
  const service = serviceOf(words);
  const target = targetOf(words);
  const failure = failureOf(words, target.kind);
  return {
    count,
    request: {
      at: new Date(end - durationMs).toISOString(),
      id: words.id,
      entry: words.frontend as EdgeEntry,
      ...(words.owner === '' ? {} : { sandboxUid: words.owner }),
      ...(service === undefined ? {} : { service }),
      method: badRequest ? '?' : words.method,
      path: badRequest ? '?' : pathOf(words.path),
      status: Math.max(0, Number(words.status) || 0),
      durationMs,
      target,
      ...(failure === undefined ? {} : { failure }),
      ...locationOf(words),
      ...(FAULTS.includes(words.fault) ? { fault: words.fault as 'status' } : {}),
    },
  };
}

export const routeField = (words: Record<LogWord, string>, name: keyof typeof FIELD): string =>
  words.route.split('|')[FIELD[name] - 1] ?? '';

function serviceOf(words: Record<LogWord, string>): string | undefined {
  const routed = routeField(words, 'service');
  if (routed !== '') return routed;
  const named = new RegExp(`^([a-z0-9-]{1,63})\\.${EDGE_SUFFIX}$`).exec(hostAsked(words));
  return words.frontend === 'inside' ? named?.[1] : undefined;
}

const hostAsked = (words: Record<LogWord, string>): string => decode(words.place.split('|')[0] ?? '').toLowerCase();

/** Pages of the edge stand in for a target that nobody dialled. */
function targetOf(words: Record<LogWord, string>): NotedRequest['target'] {
  const kind = routeField(words, 'type');
  const asked = /^(faulty_)?(plain|tls)_/.test(words.backend) && words.fault !== 'status' && words.fault !== 'reset';
  if (!asked || !DIALLED.includes(kind)) return { kind: 'none' };
  const [address, port, host] = (['address', 'port', 'host'] as const).map((name) => routeField(words, name));
  return {
    kind: kind as 'container',
    address: `${address?.includes(':') ? `[${address}]` : address}:${port}`,
    ...(host === '' || host === undefined ? {} : { host: decode(host) }),
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
function locationOf(words: Record<LogWord, string>): Pick<NotedRequest, 'location' | 'leaves'> {
  const location = words.place.split('|')[1] ?? '';
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
  const asked = hostAsked(words);
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
