/** Errors as RFC 9457 problem documents. */
import { ERRORS, SdpError } from '#schema/errors';
import type { Problem } from '#schema/http';

export const PROBLEM_TYPE = 'application/problem+json';

/** The body of an error. Its status and title follow from the code alone. */
export function problemOf(error: SdpError): Problem {
  const { status, title } = ERRORS[error.code];
  return { type: `https://sdp.dev/errors/${error.code}`, title, status, detail: error.message, ...error.toBody() };
}
