/** `?force=true`: past somebody's hold. Until there are roles, admins are those whom the server's settings name. */
import { SdpError } from '#schema/errors';
import type { Changer } from '../documents/hold.ts';
import { flag, type Context } from './context.ts';

/**
 * Who asks, and whether they go past holds.
 * @throws SdpError forbidden when somebody forces who is no admin
 */
export function changerOf(ctx: Context, { admins }: { admins: readonly string[] }): Changer {
  const { username, via } = ctx.state.caller;
  if (!flag(ctx, 'force')) return { user: username };
  if (via === 'local' || admins.includes(username)) return { user: username, force: true };
  throw new SdpError('forbidden', 'Only an admin may use --force.', {
    hint: admins.length === 0 ? 'The server names none: its setting `admins` (SDP_ADMINS) lists them.' : `Admins are ${admins.join(', ')}.`,
  });
}
