/* Generated from ../documents/service.schema.json by `npm run generate`; do not edit. */

/**
 * 1 to 40 letters, digits, '-', '_' or '.'. Case is kept; two names that differ only in case, '_' or '.' are the same name.
 */
export type Name = string;
/**
 * Repository that holds its sources, as agents report it. Default: the service's name.
 */
export type Repository = string;
/**
 * URL under which OCP serves it.
 */
export type Baseline = string;
/**
 * Port that it listens on inside its container. It is also given as PORT.
 */
export type Port = number;
/**
 * Path that answers 2xx or 3xx once it can serve. Without one, an open port is enough.
 */
export type HealthPath = string;
/**
 * Environments whose variables, secrets and files are injected, in this order; a later one wins.
 */
export type Environments = Name[];
/**
 * Name of the variable that tells its peers where it is. Default: {SERVICE}_URL.
 */
export type URLVariable = string;
/**
 * Variables that lead to state of OCP, such as DB_HOST: a plan warns when a sandbox keeps OCP's value.
 */
export type SharedState = string[];
/**
 * beside: the new version starts beside the old one. recreate: the old one stops first, where two copies must not run at once.
 */
export type Replace = 'beside' | 'recreate';
/**
 * How long a replaced container may go on with the connections that it has, such as WebSockets and streams: 0s to 1h. It ends earlier when none is open. Default: 3s.
 */
export type Drain = string;
/**
 * Absolute path inside the container.
 */
export type Path = string;
/**
 * json and yaml: a map of service to URL; env: NAME_URL=URL lines; php: a file that returns such a map; nginx: one upstream block per service (set the Host header to {service}.sdp).
 */
export type Format = 'json' | 'yaml' | 'env' | 'php' | 'nginx';
/**
 * Liquid template of the file. It knows services (a list of name, slug, variable, url, host, port), sandbox and service (slugs).
 */
export type Template = string;

/**
 * A service of the catalogue: where its sources are, where OCP serves it, how it is run.
 */
export interface ServiceDocument {
  /**
   * Version of the format.
   */
  apiVersion: 'sdp/v1';
  /**
   * Kind of document.
   */
  kind: 'Service';
  metadata: Metadata;
  spec: ServiceSpec;
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
 * What is known of the service.
 */
export interface ServiceSpec {
  repository?: Repository;
  baseline: Baseline;
  port?: Port;
  health?: HealthPath;
  environments?: Environments;
  urlVariable?: URLVariable;
  sharedState?: SharedState;
  replace?: Replace;
  drain?: Drain;
  upstreamsFile?: UpstreamsFile;
}
/**
 * A file with the stable addresses of all services, for a program that reads its upstreams from a file. Written into the container when it is made; a new catalogue entry reaches it with the next replacement. Give exactly one of format and template.
 */
export interface UpstreamsFile {
  path: Path;
  format?: Format;
  template?: Template;
}
