import { SdpError } from '#schema/errors';

/** What those get who come while the store closes, or after. */
export function storeClosed(): SdpError {
  return new SdpError('unavailable', 'The store is closed: SDP is shutting down.', { hint: 'Try again once it runs.' });
}
