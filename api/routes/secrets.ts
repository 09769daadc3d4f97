/** Master keys of secrets: what they wrap, and changing over to another one. */
import { SdpError } from '#schema/errors';
import type { RotateSecretsView } from '#schema/http';
import { audited } from '../http/audited.ts';
import type { ApiRouter, Context } from '../http/context.ts';
import type { Keyring } from '../secrets/keyring.ts';
import type { ApiDeps } from './deps.ts';

export function secretRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get('/api/v1/secrets/keys', async (ctx) => {
    ctx.body = await keyringOf(deps).view();
  });
  router.post('/api/v1/secrets/rotate', (ctx) => rotate(ctx, deps));
}

function keyringOf({ keyring }: ApiDeps): Keyring {
  if (keyring !== undefined) return keyring;
  throw new SdpError('unavailable', 'This server has no key file to read.');
}

/** The key file belongs to who runs the server, and so does this. */
async function rotate(ctx: Context, deps: ApiDeps): Promise<void> {
  const { caller } = ctx.state;
  await audited(deps, { user: caller.username, action: 'secrets.rotate' }, async () => {
    if (caller.via !== 'local') {
      throw new SdpError('forbidden', "Only who runs the server changes the keys of secrets, over the server's own socket.", {
        hint: 'As root on that host: `sdp --local secrets rotate`.',
      });
    }
    const keyring = keyringOf(deps);
    const rewrapped = await keyring.rotate();
    const body: RotateSecretsView = { rewrapped, ...(await keyring.view()) };
    ctx.body = body;
  });
}
