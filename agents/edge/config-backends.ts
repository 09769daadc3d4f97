/** Backends of haproxy.cfg: the targets, and the pages that stand in for them. */
import { faultRules, HAS_FAULTS } from './config-faults.ts';
import { asksForHtml, CHECK, content, HOP, HOP_TO, HOST_ASKED, HTML, isType, lines, PAGE, route } from './config-text.ts';
import { REFUSALS, TARGET_ERRORS, type Page } from './pages.ts';
import { INSIDE } from './paths.ts';

/** Which backend takes a request that has a route. Each evaluation counts, at every request. */
export const dispatch = (): string[] => [
  `use_backend page_%[${route('type')}] if { ${route('type')} -m str unavailable unresolved }`,
  `acl tls ${route('type')} -m str https`,
  `acl html ${HTML}`,
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
  'use_backend faulty_%[var(txn.way)] if { var(txn.way) -m found } { var(txn.route) -m found }',
];

/**
 * The target comes from the map at every request. There is one backend per page format, because HAProxy's own errors
 * are chosen by backend. All X-SDP-* headers of a request are the edges' own: they never come from outside and are
 * never handed to a target; between edges those of a hop are set anew.
 */
export function target(kind: 'plain' | 'tls', format: 'json' | 'html', marks: { hop: string; check: string }, faulty = false): string {
  const hops =
    kind === 'tls'
      ? []
      : [
          `http-request set-header ${HOP} ${marks.hop} if ${isType('node')}`,
          `http-request set-header ${HOP_TO} %[${route('owner')}]/%[${route('service')}] if ${isType('node')}`,
          `http-request set-header ${CHECK} ${marks.check} if { var(txn.check) -m found } ${isType('node')}`,
        ];
  const tls = kind === 'tls' ? ` ssl verify required ca-file ${INSIDE.ca} sni var(txn.sni)` : '';
  const before = faulty ? [...faultRules(), ...REFUSALS.filter(isAboutTarget).flatMap((page) => standIn(page, format))] : [];
  return lines(`backend ${faulty ? 'faulty_' : ''}${kind}_${format}`, [
    ...before,
    'http-request del-header x-sdp- -m beg',
    ...hops,
    `http-request set-dst ${route('address')}`,
    `http-request set-dst-port ${route('port')}`,
    `http-request set-header Host %[${route('host')}] if { ${route('host')} -m len gt 0 }`,
    `http-request set-path %[${route('prefix')}]%[path] if { ${route('prefix')} -m len gt 0 }`,
    ...(kind === 'tls' ? [`http-request set-var(txn.sni) ${route('host')},field(1,:)`] : []),
    // Only another edge's word counts as a page.
    `http-response del-header ${PAGE} if { var(txn.check) -m found } !${isType('node')}`,
    ...TARGET_ERRORS.map((page) => `http-error status ${page.status} ${content(page, format)}`),
    // Without tcp-ut, a request on a kept connection would wait for minutes when the way to its target is cut.
    `server target 0.0.0.0:0 tcp-ut 5s${tls}`,
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
