/* Generated from ../documents/route.schema.json by `npm run generate`; do not edit. */

/**
 * 1 to 40 letters, digits, '-', '_' or '.'. Case is kept; two names that differ only in case, '_' or '.' are the same name.
 */
export type Name = string;
/**
 * sandbox, ocp, a URL, or the service of another sandbox.
 */
export type RouteTarget = ('sandbox' | 'ocp') | string | OtherSandbox;

/**
 * Where a sandbox's requests go, per service. It has the name of its sandbox.
 */
export interface RouteDocument {
  /**
   * Version of the format.
   */
  apiVersion: 'sdp/v1';
  /**
   * Kind of document.
   */
  kind: 'Route';
  metadata: Metadata;
  spec: RouteSpec;
  /**
   * What is; written by SDP and ignored on input.
   */
  status?: {
    [k: string]: unknown;
  };
}
/**
 * The user's part of the metadata. uid, generation, resourceVersion and the like are written by SDP and ignored on input.
 */
export interface Metadata {
  name: Name;
  /**
   * Free labels for finding and grouping.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Free notes.
   */
  annotations?: {
    [k: string]: string;
  };
  /**
   * Identity; written by SDP.
   */
  uid?: string;
  /**
   * The name as addresses have it; written by SDP.
   */
  slug?: string;
  /**
   * Counter of spec changes; written by SDP.
   */
  generation?: number;
  /**
   * Store sequence; when given, the write is refused if somebody else saved since.
   */
  resourceVersion?: number;
  /**
   * Number of the newest revision; written by SDP.
   */
  revision?: number;
  /**
   * Written by SDP.
   */
  createdAt?: string;
  /**
   * Written by SDP.
   */
  createdBy?: string;
  /**
   * Written by SDP.
   */
  updatedAt?: string;
  /**
   * Written by SDP.
   */
  updatedBy?: string;
  /**
   * Written by SDP when deletion was asked for.
   */
  deletedAt?: string;
  /**
   * Work before deletion; written by SDP.
   */
  finalizers?: string[];
  /**
   * Folder or repository that it is applied from; written by SDP.
   */
  managedBy?: {};
}
/**
 * Targets by service. A service without an entry goes to its container when it has a branch, else to OCP.
 */
export interface RouteSpec {
  /**
   * Targets by service.
   */
  routes: {
    [k: string]: RouteEntry;
  };
}
/**
 * Target of one service, and what is done to some of its requests. Without a target: as if there were no entry.
 */
export interface RouteEntry {
  target?: RouteTarget;
  fault?: RouteFault;
}
/**
 * The same service of another sandbox.
 */
export interface OtherSandbox {
  sandbox: Name;
}
/**
 * What the edge does to some requests of this sandbox for the service, for tests of negative paths. Give exactly one of status, delay and reset. Nobody else sees it, and it ends by itself.
 */
export interface RouteFault {
  /**
   * Answers with this HTTP status, from 200 to 599, in place of the service.
   */
  status?: number;
  /**
   * Passes the request on so much later, such as 2s or 500ms; at most 60s.
   */
  delay?: string;
  /**
   * Ends the connection without an answer.
   */
  reset?: true;
  /**
   * Share of the requests that it happens to, from 1 to 100; all when left out.
   */
  percent?: number;
  /**
   * Only requests whose path begins so, such as /pay.
   */
  path?: string;
  /**
   * When it ends, ISO 8601 with a time zone. When left out, it ends one hour after the last write of this Route, whatever that write changed.
   */
  until?: string;
}
