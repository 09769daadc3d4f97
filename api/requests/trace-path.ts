/** The path of a trace, as it goes into a request line. */
import { SdpError } from '#schema/errors';

/** Bytes. */
const LONGEST = 2_048;

/**
 * Spaces and letters beyond ASCII are encoded, and a fragment, which no client sends, is left out.
 * @throws SdpError invalid_request
 */
export function tracePath(text: string): string {
  const wrong = (why: string): SdpError =>
    new SdpError('invalid_request', `That cannot be a path to trace: ${why}.`, { hint: 'Give what the app would ask for, such as /account/profile?id=7.' });
  if (!text.startsWith('/')) throw wrong('it must begin with "/"');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) throw wrong('it has control characters');
  const [path = ''] = text.split('#', 1);
  let encoded: string;
  try {
    encoded = path.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  } catch {
    throw wrong('it is not text');
  }
  if (encoded.length > LONGEST) throw wrong('it is longer than 2 KiB');
  return encoded;
}
