/** Backends of haproxy.cfg: the targets, and the pages that stand in for them. */
import { faultRules, HAS_FAULTS } from './config-faults.ts';
import { asksForHtml, CHECK, content, HOP, HOP_TO, HOST_ASKED, HTML, isType, lines, PAGE, route } from './config-text.ts';
import { CLOSED_PAGE, REFUSALS, TARGET_ERRORS, type Page } from './pages.ts';
import { INSIDE } from './paths.ts';

/** Time to take a connection and to acknowledge what was sent, in milliseconds. */
export const TARGET_TIMEOUT_MS = 5_000;

/** Requests that change nothing: they may be sent a second time. */
const READS = 'method GET HEAD OPTIONS';

/** Which backend takes a request that has a route. Each evaluation counts, at every request. */
export const dispatch = (): string[] => [
  `use_backend page_%[${route('type')}] if { ${route('type')} -m str unavailable unresolved }`,
  `acl tls ${route('type')} -m str https`,
  `acl html ${HTML}`,
  `acl reads ${READS}`,
  'use_backend once_tls_html if !reads tls html',
  'use_backend once_tls_json if !reads tls',
  'use_backend once_plain_html if !reads html',
  'use_backend once_plain_json if !reads',
  'use_backend tls_html if tls html',
  'use_backend tls_json if tls',
  'use_backend plain_html if html',
  'default_backend plain_json',
];

/** Before the dispatch: a sandbox with faults goes another way, which is chosen for it alone. */
export const dispatchFaulty = (): string[] => [
  `http-request set-var(txn.way) str(plain_json) if ${HAS_FAULTS}`,
  `http-request set-var(txn.way) str(plain_html) if { var(txn.way) -m found } ${asksForHtml}`,
  `http-request set-var(txn.way) str(tls_json) if { var(txn.way) -m found } ${isType('https')}`,
  `http-request set-var(txn.way) str(tls_html) if { var(txn.way) -m found } ${isType('https')} ${asksForHtml}`,
  `use_backend faulty_once_%[var(txn.way)] if { var(txn.way) -m found } { var(txn.route) -m found } !{ ${READS} }`,
  'use_backend faulty_%[var(txn.way)] if { var(txn.way) -m found } { var(txn.route) -m found }',
];

export interface TargetKind {
  over: 'plain' | 'tls';
  /** Whether a request may be sent a second time. */
  tries: 'again' | 'once';
  /** HAProxy chooses its own errors by backend. */
  format: 'json' | 'html';
  faulty: boolean;
}

export const TARGET_KINDS: readonly TargetKind[] = [false, true].flatMap((faulty) =>
  (['again', 'once'] as const).flatMap((tries) =>
    (['json', 'html'] as const).flatMap((format) => (['plain', 'tls'] as const).map((over) => ({ over, tries, format, faulty }))),
  ),
);

/**
 * The target comes from the map at every request. All X-SDP-* headers of a request are the edges' own: they never come
 * from outside and are never handed to a target; between edges those of a hop are set anew.
 */
export function target({ over, tries, format, faulty }: TargetKind, marks: { hop: string; check: string }): string {
  const hops =
    over === 'tls'
      ? []
      : [
          `http-request set-header ${HOP} ${marks.hop} if ${isType('node')}`,
          `http-request set-header ${HOP_TO} %[${route('owner')}]/%[${route('service')}] if ${isType('node')}`,
          `http-request set-header ${CHECK} ${marks.check} if { var(txn.check) -m found } ${isType('node')}`,
        ];
  const tls = over === 'tls' ? ` ssl verify required ca-file ${INSIDE.ca} sni var(txn.sni)` : '';
  const before = faulty ? [...faultRules(), ...REFUSALS.filter(isAboutTarget).flatMap((page) => standIn(page, format))] : [];
  return lines(`backend ${faulty ? 'faulty_' : ''}${tries === 'once' ? 'once_' : ''}${over}_${format}`, [
    ...before,
    'http-request del-header x-sdp- -m beg',
    ...hops,
    `http-request set-dst ${route('address')}`,
    `http-request set-dst-port ${route('port')}`,
    `http-request set-header Host %[${route('host')}] if { ${route('host')} -m len gt 0 }`,
    `http-request set-path %[${route('prefix')}]%[path] if { ${route('prefix')} -m len gt 0 }`,
    ...(over === 'tls' ? [`http-request set-var(txn.sni) ${route('host')},field(1,:)`] : []),
    // Only another edge's word counts as a page.
    `http-response del-header ${PAGE} if { var(txn.check) -m found } !${isType('node')}`,
    ...TARGET_ERRORS.map((page) => `http-error status ${page.status} ${content(page, format)}`),
    `http-response return status ${CLOSED_PAGE.status} ${content(CLOSED_PAGE, format)} if { srv_name -m str closed }`,
    ...whenClosed(tries),
    // Weight 0: chosen by the rule alone, so that whatever is sent on goes to the page.
    'use-server target if TRUE',
    // Without tcp-ut, a request on a kept connection would wait for minutes when the way to its target is cut.
    `server target 0.0.0.0:0 weight 0 tcp-ut ${TARGET_TIMEOUT_MS}${tls}`,
    `server closed unix@${INSIDE.closedSocket}`,
  ]);
}

/**
 * Left to itself, HAProxy closes a kept connection without a word and without a note when its target does the same, as
 * the client may then try again by itself. Here it tries again in the client's place, reads only, and has a page to give.
 */
function whenClosed(tries: TargetKind['tries']): string[] {
  const times = tries === 'again' ? 2 : 1;
  return ['retry-on empty-response', `retries ${times}`, `option redispatch ${times}`];
}

/** Where requests go whose target closed the connection; the backend makes the page. */
export function closedListener(): string {
  return lines('listen closed', [
    `bind unix@${INSIDE.closedSocket} mode 600`,
    'http-request set-log-level silent',
    `http-request return status ${CLOSED_PAGE.status}`,
  ]);
}

export function refusal(page: Page): string {
  return lines(`backend page_${page.name}`, [
    // For whoever reads the list of requests: which name was asked for.
    ...(page.name === 'unknown_service' ? [`http-request set-var-fmt(txn.place) ${HOST_ASKED}`] : []),
    `http-request return status ${page.status} ${content(page, 'html')} if ${asksForHtml}`,
    `http-request return status ${page.status} ${content(page, 'json')}`,
  ]);
}

const isAboutTarget = (page: Page): boolean => page.name === 'unavailable' || page.name === 'unresolved';

const standIn = (page: Page, format: 'json' | 'html'): string[] => [
  `http-request return status ${page.status} ${content(page, format)} if ${isType(page.name)}`,
];
