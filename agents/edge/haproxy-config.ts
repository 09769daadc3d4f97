/** The text of haproxy.cfg: pure, and the same for the same settings, so that its hash says what runs. */
import { createHash } from 'node:crypto';
import { closedListener, refusal, target, TARGET_KINDS } from './config-backends.ts';
import { checkFrontend, gatewayFrontend, insideFrontend, serviceFrontend, sharedFrontend, type ListenerSettings } from './config-frontends.ts';
import { LOG_FORMAT, LOG_LINE_BYTES, REQUESTS_RING, RING_BYTES } from './log-line.ts';
import { lines } from './config-text.ts';
import { INSIDE, MAP_NAMES, mapPath } from './paths.ts';
import { REFUSALS } from './pages.ts';

export interface HaproxySettings extends ListenerSettings {
  node: string;
  /** Proves a hop between edges; see `hopToken`. */
  hopToken: string;
  /** Open requests at once. */
  maxConnections: number;
}

/** What edges show each other: derived, so that the secret itself stands in no file. */
export function hopToken(installation: string, secret: string): string {
  return createHash('sha256').update(`sdp-edge-hop\0${installation}\0${secret}`).digest('hex');
}

/** What checks carry on a hop between edges. */
function checkMark(token: string): string {
  return createHash('sha256').update(`sdp-edge-check\0${token}`).digest('hex');
}

/** Follows the description where the build of HAProxy has no Lua, and so no delays. */
export const WITHOUT_LUA = '-without-lua';

export function haproxyConfig(settings: HaproxySettings, description: string): string {
  const marks = { hop: settings.hopToken, check: checkMark(settings.hopToken) };
  return [
    globalPart(settings, description),
    ...(settings.gatewayPorts.length === 0 ? [] : [gatewayFrontend(settings)]),
    ...(settings.servicePorts.length === 0 ? [] : [serviceFrontend(settings, marks)]),
    ...(settings.sharedPort === undefined ? [] : [sharedFrontend(settings.sharedPort, settings)]),
    insideFrontend(),
    checkFrontend(),
    ...REFUSALS.map(refusal),
    everyMap(),
    closedListener(),
    ...TARGET_KINDS.map((kind) => target(kind, marks)),
  ].join('\n');
}

/** Leads nowhere: makes HAProxy load every map, also those of listeners that are left out. */
const everyMap = (): string =>
  lines('backend maps', MAP_NAMES.map((name) => `http-request set-var(txn.none) str(x),map_${name === 'faults' ? 'beg' : name === 'subnets' ? 'ip' : 'str'}(${mapPath(name)})`));

function globalPart(settings: HaproxySettings, description: string): string {
  return `# Written by SDP's agent; changes are overwritten.
global
  maxconn ${settings.maxConnections}
  stats socket ${INSIDE.socket} mode 600 level admin expose-fd listeners
  # Whoever waits for requests to be noted says nothing for a long time.
  stats timeout 1h
  hard-stop-after 10m
  tune.bufsize 32768
  ssl-server-verify required
.if feature(LUA)
  description ${description}
  lua-load ${INSIDE.lua}
.else
  description ${description}${WITHOUT_LUA}
.endif

# Requests of the last while, in memory: the agent reads them here.
ring ${REQUESTS_RING}
  format raw
  maxlen ${LOG_LINE_BYTES}
  size ${RING_BYTES}

defaults
  mode http
  log ring@${REQUESTS_RING} len ${LOG_LINE_BYTES} format raw daemon
  log-format "${LOG_FORMAT}"
  option dontlognull
  option http-ignore-probes
  option forwardfor
  option http-keep-alive
  option idle-close-on-response
  unique-id-format %[uuid()]
  # Never comes first: tcp-ut does, which is answered by a page on a kept connection, too.
  timeout connect 8s
  timeout client 5m
  timeout server 5m
  timeout http-request 30s
  timeout http-keep-alive 60s
  timeout tunnel 12h
`;
}
