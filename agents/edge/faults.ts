/**
 * Faults that a sandbox's route asks for, as entries of a map that is searched by prefix:
 * `uid/service|path` to `kind|number|percent|until|until for people`. HAProxy compares `until` with its own clock.
 */
import { slugOf } from '#schema/names';
import type { EdgeFault } from '#schema/wire/commands';
import { token } from './target-value.ts';

/** Field numbers, from 1. `number` is the status, or the milliseconds of a delay; `until` in milliseconds since 1970. */
export const FAULT_FIELD = { kind: 1, number: 2, percent: 3, until: 4, untilText: 5 } as const;

/** Longer delays are cut to this: callers have given up long before. */
export const MAX_DELAY_MS = 240_000;
/** Statuses that a fault can answer. */
export const FAULT_STATUS = { from: 200, to: 599 } as const;

/** @throws Error when a fault cannot be written so */
export function faultEntry(uid: string, service: string, fault: EdgeFault): { key: string; value: string } {
  const until = Date.parse(fault.until);
  if (Number.isNaN(until)) throw new Error(`"${fault.until}" is no time`);
  const number = fault.kind === 'status' ? fault.status : fault.kind === 'delay' ? Math.min(Math.max(0, fault.ms), MAX_DELAY_MS) : 0;
  if (!Number.isInteger(fault.percent) || fault.percent < 1 || fault.percent > 100) {
    throw new Error(`a fault on ${fault.percent} % of the requests is not possible: 1 to 100`);
  }
  if (fault.kind === 'status' && !(Number.isInteger(number) && number >= FAULT_STATUS.from && number <= FAULT_STATUS.to)) {
    throw new Error(`a fault with status ${number} is not possible: ${FAULT_STATUS.from} to ${FAULT_STATUS.to}`);
  }
  const untilText = encodeURIComponent(new Date(until).toISOString());
  return {
    key: `${token(uid)}/${slugOf(service)}|${pathPrefix(fault.path ?? '/')}`,
    value: [fault.kind, String(Math.round(number)), String(fault.percent), String(until), untilText].join('|'),
  };
}

/** As paths of requests are written: percent-encoded where a URL must be. */
function pathPrefix(path: string): string {
  const whole = path.startsWith('/') ? path : `/${path}`;
  return whole.replace(/[^!$&'()*+,\-./0-9:;=@A-Z_a-z~%]/gu, encodeURIComponent);
}

/** Sleeps without holding anybody else up; loaded where the build of HAProxy has Lua. */
export const DELAY_LUA = `-- Written by SDP's agent. Runs only for requests that a delay is asked for.
core.register_action("sdp_delay", { "http-req" }, function(txn)
  local ms = tonumber(txn:get_var("txn.delay"))
  if ms ~= nil and ms > 0 then core.msleep(math.floor(ms)) end
end)
`;
