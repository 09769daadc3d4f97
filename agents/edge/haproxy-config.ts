/** The text of haproxy.cfg: pure, and the same for the same settings, so that its hash says what runs. */
import { createHash } from 'node:crypto';
import { EDGE_INSIDE_PORT } from '#schema/names';
import { INSIDE, mapPath, pagePath } from './paths.ts';
import { REFUSALS, TARGET_ERRORS, type Page } from './pages.ts';
import type { PortRange } from './ports.ts';
import { FIELD } from './target-value.ts';

export interface HaproxySettings {
  node: string;
  /** Proves a hop between edges; see `hopToken`. */
  hopToken: string;
  gatewayPorts: readonly PortRange[];
  servicePorts: readonly PortRange[];
  /** CIDR of all sandboxes' networks. */
  pool: string;
  /** CIDRs that may call service ports directly. */
  allowFrom: readonly string[];
  /** Open requests at once. */
  maxConnections: number;
}

/** What edges show each other: derived, so that the secret itself stands in no file. */
export function hopToken(installation: string, secret: string): string {
  return createHash('sha256').update(`sdp-edge-hop\0${installation}\0${secret}`).digest('hex');
}

const route = (name: keyof typeof FIELD): string => `var(txn.route),field(${FIELD[name]},|)`;
const isType = (type: string): string => `{ ${route('type')} -m str ${type} }`;
const HOP = 'x-sdp-hop';
const HOP_TO = 'x-sdp-hop-to';

export function haproxyConfig(settings: HaproxySettings, description: string): string {
  return [
    globalPart(settings, description),
    frontend('gateway', settings.gatewayPorts, settings, GATEWAY_RULES),
    frontend('service', settings.servicePorts, settings, serviceRules(settings.hopToken)),
    insideFrontend(),
    ...REFUSALS.map(refusal),
    ...(['json', 'html'] as const).flatMap((format) => [target('plain', format, settings), target('tls', format, settings)]),
  ].join('\n');
}

function globalPart(settings: HaproxySettings, description: string): string {
  return `# Written by SDP's agent; changes are overwritten.
global
  description ${description}
  maxconn ${settings.maxConnections}
  stats socket ${INSIDE.socket} mode 600 level admin expose-fd listeners
  stats timeout 30s
  hard-stop-after 10m
  tune.bufsize 32768
  ssl-server-verify required

defaults
  mode http
  option forwardfor
  option http-keep-alive
  option idle-close-on-response
  retries 1
  unique-id-format %[uuid()]
  timeout connect 3s
  timeout client 5m
  timeout server 5m
  timeout http-request 30s
  timeout http-keep-alive 60s
  timeout tunnel 12h
`;
}

/** Gateways are for people; a container may call its own sandbox's only. */
const GATEWAY_RULES = ['use_backend page_other_sandbox if routed from_pool !own'];

/** An edge is believed by its token and then says whom it means; a network in allowFrom needs neither. */
const serviceRules = (token: string): string[] => [
  `acl from_edge req.hdr(${HOP}) -m str ${token}`,
  'acl meant var(txn.meant),strcmp(txn.self) eq 0',
  'use_backend page_edges_only if !from_edge !allowed',
  'use_backend page_other_sandbox if routed !from_edge from_pool !own',
  'use_backend page_misdirected if from_edge routed !meant',
];

function frontend(
  kind: 'gateway' | 'service',
  ports: readonly PortRange[],
  settings: HaproxySettings,
  rules: readonly string[],
): string {
  const requests =
    kind === 'gateway'
      ? ['http-request set-var(txn.about) var(txn.name)']
      : [`http-request set-var(txn.meant) req.hdr(${HOP_TO})`, `http-request set-var-fmt(txn.self) %[${route('owner')}]/%[${route('service')}]`];
  const about = [
    'http-after-response set-header X-SDP-Sandbox %[var(txn.about)] if { var(txn.about) -m found }',
    'http-after-response set-header X-SDP-Revision %[var(txn.revision)] if { var(txn.about) -m found }',
    'http-after-response set-header X-Request-Id %[var(txn.rid)]',
  ];
  return lines(`frontend ${kind}`, [
    ...ports.map((range) => `bind :${range.from}-${range.to}`),
    ...sources(settings),
    `http-request set-var(txn.entry) str(${kind})`,
    'http-request set-var(txn.port) dst_port',
    `http-request set-var(txn.route) var(txn.port),map_str(${mapPath('outside')})`,
    `http-request set-var(txn.owner) ${route('owner')}`,
    `http-request set-var(txn.caller) src,map_ip(${mapPath('subnets')})`,
    ...sandboxVariables('txn.owner'),
    ...requestId(),
    ...requests,
    'acl routed var(txn.route) -m found',
    'acl own var(txn.caller),strcmp(txn.owner) eq 0',
    ...rules,
    'use_backend page_unused_port if !routed',
    ...dispatch(),
    ...(kind === 'gateway' ? about : []),
  ]);
}

function insideFrontend(): string {
  return lines('frontend inside', [
    `bind :${EDGE_INSIDE_PORT}`,
    `tcp-request connection reject unless { src,map_ip(${mapPath('subnets')}) -m found }`,
    `http-request set-var(txn.owner) src,map_ip(${mapPath('subnets')})`,
    'http-request reject unless { var(txn.owner) -m found }',
    'http-request set-var(txn.entry) str(inside)',
    'http-request set-var(txn.port) dst_port',
    'http-request set-var(txn.host) req.hdr(host),field(1,:),lower',
    'http-request set-var-fmt(txn.key) %[var(txn.owner)]/%[var(txn.host),field(1,.)] if { var(txn.host),field(2,.) -m str sdp }',
    `http-request set-var(txn.route) var(txn.key),map_str(${mapPath('inside')}) if { var(txn.key) -m found }`,
    ...sandboxVariables('txn.owner'),
    ...requestId(),
    'use_backend page_unknown_service if !{ var(txn.route) -m found }',
    ...dispatch(),
  ]);
}

const sources = (settings: HaproxySettings): string[] => [
  `acl from_pool src ${settings.pool}`,
  ...(settings.allowFrom.length === 0 ? ['acl allowed always_false'] : [`acl allowed src ${settings.allowFrom.join(' ')}`]),
];

const sandboxVariables = (uid: string): string[] => [
  `http-request set-var(txn.sandbox) var(${uid}),map_str(${mapPath('sandboxes')})`,
  'http-request set-var(txn.name) var(txn.sandbox),field(1,|)',
  'http-request set-var(txn.revision) var(txn.sandbox),field(2,|)',
];

/** A well-formed id of the caller is kept, so that one id follows a request through all hops. */
const requestId = (): string[] => [
  'http-request set-header X-Request-Id %[unique-id] unless { req.hdr(x-request-id) -m reg ^[A-Za-z0-9._-]{1,128}$ }',
  'http-request set-var(txn.rid) req.hdr(x-request-id)',
];

const dispatch = (): string[] => [
  `use_backend page_unavailable if ${isType('unavailable')}`,
  `use_backend page_unresolved if ${isType('unresolved')}`,
  'acl html req.hdr(accept) -m sub text/html',
  `use_backend tls_html if ${isType('https')} html`,
  `use_backend tls_json if ${isType('https')}`,
  'use_backend plain_html if html',
  'default_backend plain_json',
];

/**
 * The target comes from the map at every request. There is one backend per page format, because HAProxy's own errors
 * are chosen by backend. Marks of a hop never come from outside: set for another edge, else taken off.
 */
function target(kind: 'plain' | 'tls', format: 'json' | 'html', settings: HaproxySettings): string {
  const hops =
    kind === 'tls'
      ? []
      : [
          `http-request set-header ${HOP} ${settings.hopToken} if ${isType('node')}`,
          `http-request set-header ${HOP_TO} %[${route('owner')}]/%[${route('service')}] if ${isType('node')}`,
        ];
  const tls = kind === 'tls' ? ` ssl verify required ca-file ${INSIDE.ca} sni var(txn.sni)` : '';
  return lines(`backend ${kind}_${format}`, [
    `http-request del-header ${HOP}`,
    `http-request del-header ${HOP_TO}`,
    ...hops,
    `http-request set-dst ${route('address')}`,
    `http-request set-dst-port ${route('port')}`,
    `http-request set-header Host %[${route('host')}] if { ${route('host')} -m len gt 0 }`,
    `http-request set-path %[${route('prefix')}]%[path] if { ${route('prefix')} -m len gt 0 }`,
    ...(kind === 'tls' ? [`http-request set-var(txn.sni) ${route('host')},field(1,:)`] : []),
    ...TARGET_ERRORS.map((page) => `http-error status ${page.status} ${content(page, format)}`),
    // Without tcp-ut, a request on a kept connection would wait for minutes when the way to its target is cut.
    `server target 0.0.0.0:0 tcp-ut 5s${tls}`,
  ]);
}

function refusal(page: Page): string {
  return lines(`backend page_${page.name}`, [
    `http-request return status ${page.status} ${content(page, 'html')} if { req.hdr(accept) -m sub text/html }`,
    `http-request return status ${page.status} ${content(page, 'json')}`,
  ]);
}

function content(page: Page, format: 'html' | 'json'): string {
  const type = format === 'html' ? '"text/html; charset=utf-8"' : 'application/problem+json';
  return `content-type ${type} lf-file ${pagePath(page.name, format)}`;
}

function lines(head: string, rules: readonly string[]): string {
  return `${head}\n${rules.map((rule) => `  ${rule}\n`).join('')}`;
}
