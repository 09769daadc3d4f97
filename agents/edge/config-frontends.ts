/** Listeners of haproxy.cfg: who may ask, for which sandbox, and what is known of the request from then on. */
import { EDGE_INSIDE_PORT } from '#schema/names';
import { dispatch, dispatchFaulty } from './config-backends.ts';
import { CHECK, HOP, HOP_TO, HOST_ASKED, lines, LOCATION, route } from './config-text.ts';
import { INSIDE, mapPath } from './paths.ts';
import type { PortRange } from './ports.ts';
import { SANDBOX_FIELD } from './sandbox-value.ts';

export interface ListenerSettings {
  gatewayPorts: readonly PortRange[];
  servicePorts: readonly PortRange[];
  /** Port that serves every sandbox by name; absent: none. */
  sharedPort?: number | undefined;
  /** CIDR of all sandboxes' networks. */
  pool: string;
  /** CIDRs that may call service ports directly. */
  allowFrom: readonly string[];
}

/** Gateways are for people; a container may call its own sandbox's only. */
export function gatewayFrontend(settings: ListenerSettings): string {
  return lines('frontend gateway', [
    ...binds(settings.gatewayPorts),
    ...byPort(settings),
    'use_backend page_other_sandbox if routed from_pool !own',
    'use_backend page_unused_port if !routed',
    ...dispatch(),
    ...sayWho(),
    ...noteLocation(),
  ]);
}

/** An edge is believed by its token and then says whom it means; a network in allowFrom needs neither. */
export function serviceFrontend(settings: ListenerSettings, marks: { hop: string; check: string }): string {
  return lines('frontend service', [
    ...binds(settings.servicePorts),
    settings.allowFrom.length === 0 ? 'acl allowed always_false' : `acl allowed src ${settings.allowFrom.join(' ')}`,
    ...byPort(settings),
    ...checkMark(marks.check),
    `http-request set-var(txn.meant) req.hdr(${HOP_TO})`,
    `http-request set-var-fmt(txn.self) %[${route('owner')}]/%[${route('service')}]`,
    `acl from_edge req.hdr(${HOP}) -m str ${marks.hop}`,
    'acl meant var(txn.meant),strcmp(txn.self) eq 0',
    'use_backend page_edges_only if !from_edge !allowed',
    'use_backend page_other_sandbox if routed !from_edge from_pool !own',
    'use_backend page_misdirected if from_edge routed !meant',
    'use_backend page_unused_port if !routed',
    ...dispatch(),
    ...noteLocation(),
  ]);
}

/** A sandbox's gateway by the sandbox's name: in a header, else the first label of a host name that is no address. */
export function sharedFrontend(port: number, settings: ListenerSettings): string {
  return lines('frontend shared', [
    `bind :${port}`,
    `acl from_pool src ${settings.pool}`,
    'http-request set-var(txn.host) req.hdr(host),lower',
    'http-request set-var(txn.said) req.fhdr(x-sdp-sandbox),lower',
    'http-request set-var(txn.said) var(txn.host),field(1,:),field(1,.) if !{ var(txn.said) -m found } { var(txn.host),field(1,:) -m reg [a-z].*[.].*[a-z] }',
    'http-request set-var(txn.asked) var(txn.said) if { var(txn.said) -m reg ^[a-z0-9][a-z0-9._-]{0,63}$ }',
    `http-request set-var(txn.route) var(txn.asked),map_str(${mapPath('shared')})`,
    ...ownerOfRoute(),
    'use_backend page_no_choice if !{ var(txn.asked) -m found }',
    'use_backend page_unknown_sandbox if !routed',
    'use_backend page_other_sandbox if from_pool !own',
    ...dispatch(),
    ...sayWho(),
    ...noteLocation(),
  ]);
}

/** Callers are known by their subnet; what they may call, by names that mean something in their sandbox only. */
export function insideFrontend(): string {
  return lines('frontend inside', [
    `bind :${EDGE_INSIDE_PORT}`,
    `tcp-request connection reject unless { src,map_ip(${mapPath('subnets')}) -m found }`,
    ...byName(),
    ...dispatchFaulty(),
    'use_backend page_unknown_service if !{ var(txn.route) -m found }',
    ...dispatch(),
    ...noteLocation(),
    'http-after-response set-header X-SDP-Fault %[var(txn.fault)] if { var(txn.fault) -m found }',
  ]);
}

/**
 * The same for this node's agent, which names a caller's address by the PROXY protocol: Docker masquerades what the host
 * sends from its own address in a sandbox's network, so the agent cannot just call from there. Neither noted nor given
 * faults.
 */
export function checkFrontend(): string {
  return lines('frontend checks', [
    `bind unix@${INSIDE.checkSocket} mode 600 accept-proxy`,
    'http-request set-log-level silent',
    ...byName(),
    'http-request set-var(txn.check) bool(true)',
    'use_backend page_unknown_service if !{ var(txn.route) -m found }',
    ...dispatch(),
  ]);
}

const byName = (): string[] => [
  `http-request set-var(txn.owner) src,map_ip(${mapPath('subnets')})`,
  'http-request reject unless { var(txn.owner) -m found }',
  'http-request set-var(txn.host) req.hdr(host),field(1,:),lower',
  'http-request set-var-fmt(txn.key) %[var(txn.owner)]/%[var(txn.host),field(1,.)] if { var(txn.host),field(2,.) -m str sdp }',
  `http-request set-var(txn.route) var(txn.key),map_str(${mapPath('inside')}) if { var(txn.key) -m found }`,
  ...sandboxVariables(),
  ...requestId(),
];

const binds = (ranges: readonly PortRange[]): string[] => ranges.map((range) => `bind :${range.from}-${range.to}`);

const byPort = (settings: ListenerSettings): string[] => [
  `acl from_pool src ${settings.pool}`,
  'http-request set-var(txn.host) req.hdr(host)',
  `http-request set-var(txn.route) dst_port,map_str(${mapPath('outside')})`,
  ...ownerOfRoute(),
];

const ownerOfRoute = (): string[] => [
  `http-request set-var(txn.owner) ${route('owner')}`,
  `http-request set-var(txn.caller) src,map_ip(${mapPath('subnets')}) if from_pool`,
  ...sandboxVariables(),
  ...requestId(),
  'acl routed var(txn.route) -m found',
  'acl own var(txn.caller),strcmp(txn.owner) eq 0',
];

const sandboxVariables = (): string[] => [
  `http-request set-var(txn.sandbox) var(txn.owner),map_str(${mapPath('sandboxes')})`,
];

/** A well-formed id of the caller is kept, so that one id follows a request through all hops. */
const requestId = (): string[] => [
  'http-request set-header X-Request-Id %[unique-id] unless { req.hdr(x-request-id) -m reg ^[A-Za-z0-9._-]{1,128}$ }',
  'http-request set-var(txn.rid) req.hdr(x-request-id)',
];

/** Another edge's check goes on as one. */
const checkMark = (mark: string): string[] => [
  `http-request set-var(txn.check) bool(true) if { req.hdr(${CHECK}) -m str ${mark} }`,
  'http-request set-log-level silent if { var(txn.check) -m found }',
];

const noteLocation = (): string[] => [
  `http-response set-var-fmt(txn.place) ${HOST_ASKED}${LOCATION} if { res.fhdr(location) -m found }`,
];

const sayWho = (): string[] => [
  `http-after-response set-header X-SDP-Sandbox %[var(txn.sandbox),field(${SANDBOX_FIELD.name},|)] if { var(txn.sandbox) -m found }`,
  `http-after-response set-header X-SDP-Revision %[var(txn.sandbox),field(${SANDBOX_FIELD.revision},|)] if { var(txn.sandbox) -m found }`,
  'http-after-response set-header X-Request-Id %[var(txn.rid)]',
];
