import { SdpError } from '#schema/errors';

export function noSandbox(slug: string): SdpError {
  return new SdpError('not_found', `There is no sandbox ${slug}.`);
}
