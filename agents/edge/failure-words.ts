/** Why a request failed at this hop, in plain words, from how HAProxy ended it. */
import { TARGET_TIMEOUT_MS } from './config-backends.ts';
import type { LogLine } from './log-line.ts';
import { FIELD } from './target-value.ts';

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

const TOO_LATE = 'the target took no connection in time';

/** Who ended it, and when: the two letters of HAProxy's termination state. */
const ENDS: readonly [RegExp, string][] = [
  [/^SC/, 'the target took no connection'],
  [/^sC/, TOO_LATE],
  // LH: the page that stands in for a target that closed the connection.
  [/^[SL]H/, 'the target closed the connection before it answered'],
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
export function failureOf(line: LogLine, route: readonly string[], target: string): string | undefined {
  const termination = line.get('termination');
  if (termination === '--') return undefined;
  const fault = line.get('fault');
  if (fault === 'status') return 'the fault that the route asks for was answered';
  if (fault === 'reset') return 'the fault that the route asks for ended the connection';
  const page = /^page_(.+)$/.exec(line.get('backend'))?.[1];
  // Said in a page of its own, or by the backend that faults are made in.
  const standsIn = page === 'unavailable' || page === 'unresolved' || (page === undefined && termination.startsWith('LR'));
  if (standsIn) return textOf(route[FIELD.text - 1] ?? '') ?? 'the target is not available';
  if (page !== undefined) return PAGES[page] ?? 'the edge answered with a page';
  const handshake = line.get('connection') !== '' && line.get('connection') !== '0';
  if (target === 'https' && termination.startsWith('SC') && handshake) {
    return 'TLS with the target failed: its certificate is not the right one, or it does not speak TLS';
  }
  // The kernel gives a connection up, which HAProxy takes for a refusal.
  if (termination.startsWith('SC') && Number(line.get('duration')) >= TARGET_TIMEOUT_MS) return TOO_LATE;
  return ENDS.find(([pattern]) => pattern.test(termination))?.[1];
}

function textOf(text: string): string | undefined {
  try {
    return text === '' ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
