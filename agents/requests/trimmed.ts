/** A request as it may leave the node: no query, no text without an end. */
import type { EdgeRequest } from '#schema/wire/requests';

/** Characters. A full message stays far below the session's largest. */
const LONGEST = 1_024;

const cut = (text: string, longest = LONGEST): string => (text.length <= longest ? text : `${text.slice(0, longest - 1)}…`);

/** Up to its query or fragment: either may hold a token. */
export function withoutQuery(address: string): string {
  const end = address.search(/[?#]/);
  return end < 0 ? address : address.slice(0, end);
}

/** The edge leaves queries out already; this holds whatever its log says. */
export function trimmed(request: EdgeRequest): EdgeRequest {
  return {
    ...request,
    id: cut(request.id, 128),
    method: cut(request.method, 32),
    path: cut(withoutQuery(request.path)),
    ...(request.service === undefined ? {} : { service: cut(request.service, 63) }),
    ...(request.location === undefined ? {} : { location: cut(withoutQuery(request.location)) }),
    ...(request.failure === undefined ? {} : { failure: cut(request.failure, 500) }),
    target: {
      ...request.target,
      ...(request.target.address === undefined ? {} : { address: cut(request.target.address, 255) }),
      ...(request.target.host === undefined ? {} : { host: cut(request.target.host, 255) }),
    },
  };
}
