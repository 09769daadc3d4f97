/** Proves a login by a real `git ls-remote` on an agent (C2). */
import { randomUUID } from 'node:crypto';
import { SdpError, type ErrorCode } from '#schema/errors';
import type { Credentials } from '#schema/wire/commands';
import type { Clock, Fleet } from '#reconciler/contract';

/** Milliseconds that one agent has. */
const LOGIN_MS = 30_000;

/** The trouble is this agent's: another one may do better. */
const TRY_ANOTHER: ReadonlySet<ErrorCode> = new Set([
  'node_offline',
  'deadline_exceeded',
  'unknown_repository',
  'stale_epoch',
  'git_unreachable',
  'unavailable',
  'internal',
]);

const badCredentials = (): SdpError =>
  new SdpError('bad_credentials', 'User name or password is wrong.', { hint: 'Use the login of the git server.' });

/**
 * @throws SdpError bad_credentials, node_offline when no agent can check it, or what the last agent said
 */
export async function proveLogin(fleet: Fleet, clock: Clock, epoch: number, credentials: Credentials): Promise<void> {
  const able = fleet.nodes().filter((node) => node.online && (node.state?.repositories.length ?? 0) > 0);
  let last: SdpError | undefined;
  for (const node of able) {
    try {
      await fleet.send<'login'>(node.hello.node.name, {
        type: 'login',
        id: `login-${randomUUID()}`,
        epoch,
        attempt: 1,
        deadline: new Date(clock.now() + LOGIN_MS).toISOString(),
        credentials,
      });
      return;
    } catch (thrown) {
      const error = SdpError.from(thrown);
      if (error.code === 'git_auth' || error.code === 'bad_credentials') throw badCredentials();
      if (!TRY_ANOTHER.has(error.code)) throw error;
      last = error;
    }
  }
  throw last ?? noAgent();
}

function noAgent(): SdpError {
  return new SdpError('node_offline', 'No agent with a repository is online, so no login can be checked.', {
    hint: 'Start an agent; on the server itself `sdp --local` works without a login.',
  });
}
