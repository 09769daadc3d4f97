/**
 * Requests as the edges saw them, for people who ask where a request went. Never bodies, cookies, authorization or query
 * strings: a query may hold a token. Ephemeral: the newest are kept, none are promised.
 */
import { GATEWAY_SERVICE } from '../names.ts';

/** Which listener of the edge took it: a gateway's port, a service's port (a hop from another edge), or a call inside. */
export type EdgeEntry = 'gateway' | 'shared' | 'service' | 'inside';

/** Whether people came in there, to a sandbox's gateway; the others are calls and hops behind it. */
export const isEntrance = ({ entry }: { entry: EdgeEntry }): boolean => entry === 'gateway' || entry === 'shared';

/** Whether a request is one for this service (slug), or for the gateway. */
export const isFor = (request: Pick<EdgeRequest, 'entry' | 'service'>, service: string): boolean =>
  request.service === service || (service === GATEWAY_SERVICE && isEntrance(request));

export interface EdgeRequest {
  /** Place in this node's list, from 1, per boot of the agent. */
  seq: number;
  /** ISO 8601 with milliseconds: when it arrived. */
  at: string;
  /** X-Request-Id. */
  id: string;
  entry: EdgeEntry;
  /** uid of the sandbox that it belongs to; absent: none could be told. */
  sandboxUid?: string;
  /** Slug of the service that was asked for; absent: none could be told. */
  service?: string;
  method: string;
  /** Without its query. */
  path: string;
  /** 0: the connection ended without an answer. */
  status: number;
  durationMs: number;
  /** Where the edge sent it. */
  target: {
    kind: 'container' | 'node' | 'http' | 'https' | 'none';
    /** Address and port that were dialled; absent for none. */
    address?: string;
    /** Host that was asked for, where it is a URL. */
    host?: string;
  };
  /** Why it failed at this hop, in plain words; absent: the target answered. */
  failure?: string;
  /** Location of the answer, without its query. */
  location?: string;
  /** The location leads out of the sandbox: the next request goes elsewhere. */
  leaves?: true;
  /** A fault that the sandbox's route asked for was injected. */
  fault?: 'status' | 'delay' | 'reset';
}

export interface RequestsMessage {
  type: 'requests';
  bootId: string;
  requests: EdgeRequest[];
  /** Requests that the edge answered and nobody could note, since the last message. */
  missed: number;
}
