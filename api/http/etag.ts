/** ETag and If-Match carry metadata.resourceVersion. */
import { SdpError } from '#schema/errors';

export const etagOf = (resourceVersion: number): string => `"${resourceVersion}"`;

/**
 * The version that a write is conditional on: 0 means that the document must not exist.
 * `If-Match: *` asks only that it exists: pass its version as `current`.
 * @throws SdpError invalid_request
 */
export function conditionOf(headers: { ifMatch: string; ifNoneMatch: string }, current: number | undefined): number | undefined {
  if (headers.ifNoneMatch === '*') return 0;
  if (headers.ifMatch === '') return undefined;
  if (headers.ifMatch === '*') {
    if (current === undefined) throw new SdpError('not_found', 'There is no such document to change.');
    return current;
  }
  const match = /^(?:W\/)?"?(\d{1,15})"?$/.exec(headers.ifMatch.trim());
  if (match === null) throw new SdpError('invalid_request', 'If-Match must be a resourceVersion, such as "42".');
  return Number(match[1]);
}
