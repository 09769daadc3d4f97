/** Why a request failed at this hop, in plain words, from how HAProxy ended it. */
import type { LogWord } from './log-line.ts';

/** Reasons of the edge's own pages, by backend. */
const PAGES: Readonly<Record<string, string>> = {
  unused_port: 'no sandbox uses this port',
  unknown_service: 'the sandbox has no such service',
  other_sandbox: 'a container of another sandbox asked',
  edges_only: 'service ports answer edges of this installation only',
  misdirected: 'the edge that sent it meant another service: its routes are older than this port',
  no_choice: 'the request names no sandbox',
  unknown_sandbox: 'there is no sandbox of the name asked for',
};

/** Who ended it, and when: the two letters of HAProxy's termination state. */
const ENDS: readonly [RegExp, string][] = [
  [/^SC/, 'the target took no connection'],
  [/^sC/, 'the target took no connection in time'],
  [/^SH/, 'the target closed the connection before it answered'],
  [/^sH/, 'the target did not answer in time'],
  [/^S[DL]/, 'the target broke its answer off'],
  [/^s[DL]/, 'the target stopped in the middle of its answer'],
  [/^PH/, 'the target answered something that is not HTTP'],
  [/^PR/, 'the request is not valid HTTP'],
  [/^c[RDH]/, 'the caller stopped in the middle of its request'],
  [/^C[RQCHDL]/, 'the caller ended the connection before it had the answer'],
  [/^[RI]/, 'the edge had no means left to pass it on'],
  [/^[KDU]/, 'the edge ended the connection'],
];

/** Undefined: the target answered. */
export function failureOf(words: Record<LogWord, string>, target: string): string | undefined {
  const page = /^page_(.+)$/.exec(words.backend)?.[1];
  if (words.fault === 'status') return 'the fault that the route asks for was answered';
  if (words.fault === 'reset') return 'the fault that the route asks for ended the connection';
  // Said in a page of its own, or by the backend that faults are made in.
  const standsIn = page === 'unavailable' || page === 'unresolved' || (page === undefined && words.termination.startsWith('LR'));
  if (standsIn) return textOf(words.route) ?? 'the target is not available';
  if (page !== undefined) return PAGES[page] ?? 'the edge answered with a page';
  const found = ENDS.find(([pattern]) => pattern.test(words.termination))?.[1];
  const handshake = words.connection !== '' && words.connection !== '0';
  if (/^SC/.test(words.termination) && target === 'https' && handshake) {
    return 'TLS with the target failed: its certificate is not the right one, or it does not speak TLS';
  }
  return found;
}

function textOf(route: string): string | undefined {
  const text = route.split('|').at(-1) ?? '';
  try {
    return text === '' ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
