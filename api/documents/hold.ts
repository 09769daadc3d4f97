/** A held sandbox refuses others' changes, by name (DESIGN 3). */
import type { Hold, SandboxSpec } from '#schema/documents';
import { UNIT_MS } from '#schema/duration';
import { SdpError } from '#schema/errors';
import { LOCAL_USER } from '../auth/authenticate.ts';

/** Who wants to change something. */
export interface Changer {
  user: string;
  /** Past others' holds, as an admin may. */
  force?: boolean;
}

/** Whether a hold still lasts: it ends by itself. */
export function inForce(hold: Hold | undefined, now: number): hold is Hold {
  if (hold === undefined) return false;
  const until = hold.until === undefined ? Number.NaN : Date.parse(hold.until);
  return !(until <= now);
}

/**
 * The local user of the server's own host may act all the same: it is there for emergencies (C7), and is audited.
 * @throws SdpError held
 */
export function assertNotHeld(sandbox: { name: string; spec: SandboxSpec }, changer: Changer, now: number): void {
  const { hold } = sandbox.spec;
  if (!inForce(hold, now) || hold.by === changer.user || changer.user === LOCAL_USER || changer.force === true) return;
  const end = hold.until === undefined ? '' : ` until ${hold.until}`;
  const reason = hold.reason === undefined ? '' : ` (${hold.reason})`;
  throw new SdpError('held', `${sandbox.name} is held by ${hold.by}${end}${reason}.`, {
    hint: `Ask ${hold.by} to end it with \`sdp hold ${sandbox.name} --release\`, or clone the sandbox. An admin may pass with --force.`,
  });
}

/** How long a hold lasts when nobody says, in milliseconds: a day. Nobody shall have to hunt for forgotten ones. */
const DEFAULT_HOLD_MS = 86_400_000;
/** Longest: ninety days. */
const MAX_HOLD_MS = 90 * 86_400_000;

/** @throws SdpError invalid_request */
export function holdFrom(given: { until?: string | undefined; for?: string | undefined; reason?: string | undefined }, by: string, now: number): Hold {
  const until = endOf(given, now);
  if (until - now > MAX_HOLD_MS) throw new SdpError('invalid_request', 'A hold lasts at most 90 days.', { hint: 'Extend it when it is still needed.' });
  return { by, until: new Date(until).toISOString().replace(/\.\d+Z$/, 'Z'), ...(given.reason === undefined ? {} : { reason: given.reason }) };
}

function endOf({ until, for: lasts }: { until?: string | undefined; for?: string | undefined }, now: number): number {
  if (until !== undefined && lasts !== undefined) throw new SdpError('invalid_request', 'Give "until" or "for", not both.');
  if (lasts !== undefined) {
    const match = /^(\d{1,9})(s|m|h|d)$/.exec(lasts);
    const ms = match === null ? Number.NaN : Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN);
    if (!(ms > 0)) throw new SdpError('invalid_request', `"${lasts.slice(0, 40)}" is no time such as 30m, 2h or 1d.`);
    return now + ms;
  }
  if (until === undefined) return now + DEFAULT_HOLD_MS;
  const end = Date.parse(until);
  if (Number.isNaN(end)) throw new SdpError('invalid_request', `"${until.slice(0, 40)}" is no date such as 2026-03-01T18:00:00Z.`);
  if (end <= now) throw new SdpError('invalid_request', `The hold would end at ${until}, which is past.`);
  return end;
}

/** A hold is a lock and no configuration: a document that says nothing of it leaves it as it is, once ended takes it away. */
export function withHoldOf(spec: SandboxSpec, stored: SandboxSpec | undefined, now: number): SandboxSpec {
  if (spec.hold !== undefined || !inForce(stored?.hold, now)) return spec;
  return { ...spec, hold: stored.hold };
}
