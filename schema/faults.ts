/** A Route's faults as the edge knows them. Pure: `now` is handed in. */
import type { RouteFault } from './generated/route.ts';
import type { EdgeFault } from './wire/commands.ts';

/** A fault without an end of its own lasts so long after the Route's last write, in milliseconds. */
export const FAULT_MS = 3_600_000;

/** When a fault ends, in milliseconds since 1970. @param writtenAt ISO 8601: the Route's `updatedAt` */
export function faultEnd(fault: RouteFault, writtenAt: string): number {
  return fault.until === undefined ? Date.parse(writtenAt) + FAULT_MS : Date.parse(fault.until);
}

/** The fault while it lasts; undefined once it has ended, or when its end cannot be read. */
export function activeFault(fault: RouteFault | undefined, writtenAt: string, now: number): EdgeFault | undefined {
  if (fault === undefined) return undefined;
  const end = faultEnd(fault, writtenAt);
  if (!(end > now)) return undefined;
  const common = {
    percent: fault.percent ?? 100,
    ...(fault.path === undefined ? {} : { path: fault.path }),
    until: new Date(end).toISOString(),
  };
  if (fault.status !== undefined) return { kind: 'status', status: fault.status, ...common };
  if (fault.delay !== undefined) return { kind: 'delay', ms: delayMs(fault.delay), ...common };
  return { kind: 'reset', ...common };
}

/** `2s` or `500ms` in milliseconds. */
function delayMs(delay: string): number {
  const number = Number.parseInt(delay, 10);
  return delay.endsWith('ms') ? number : number * 1000;
}

/** What the edge does, such as `answers 503 to 50 % of the requests below /pay`. */
export function faultWords(fault: EdgeFault): string {
  const share = fault.percent === 100 ? 'all requests' : `${fault.percent} % of the requests`;
  const whose = `${share}${fault.path === undefined ? '' : ` below ${fault.path}`}`;
  switch (fault.kind) {
    case 'status':
      return `answers ${fault.status} to ${whose}`;
    case 'delay':
      return `delays ${whose} by ${fault.ms % 1000 === 0 ? `${fault.ms / 1000} s` : `${fault.ms} ms`}`;
    case 'reset':
      return `ends the connection of ${whose}`;
  }
}
