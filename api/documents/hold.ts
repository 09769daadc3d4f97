/** A held sandbox refuses others' changes, by name (DESIGN 3). */
import type { SandboxSpec } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { LOCAL_USER } from '../auth/authenticate.ts';

/**
 * The local user of the server's own host may act all the same: it is there for emergencies (C7), and is audited.
 * @throws SdpError held
 */
export function assertNotHeld(sandbox: { name: string; spec: SandboxSpec }, user: string, now: number): void {
  const { hold } = sandbox.spec;
  if (hold === undefined || hold.by === user || user === LOCAL_USER) return;
  const until = hold.until === undefined ? Number.NaN : Date.parse(hold.until);
  if (until <= now) return;
  const end = hold.until === undefined ? '' : ` until ${hold.until}`;
  const reason = hold.reason === undefined ? '' : ` (${hold.reason})`;
  throw new SdpError('held', `${sandbox.name} is held by ${hold.by}${end}${reason}.`, { hint: `Ask ${hold.by}, or clone the sandbox.` });
}
