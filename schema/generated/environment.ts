/* Generated from ../documents/environment.schema.json by `npm run generate`; do not edit. */

/**
 * 1 to 40 letters, digits, '-', '_' or '.'. Case is kept; two names that differ only in case, '_' or '.' are the same name.
 */
export type Name = string;
/**
 * Text, or {base64: ...} for any other bytes; at most 1 MiB.
 */
export type FileContent = string | FileBytes;

/**
 * Variables, secrets and files that are injected at deployment.
 */
export interface EnvironmentDocument {
  /**
   * Version of the format.
   */
  apiVersion: 'sdp/v1';
  /**
   * Kind of document.
   */
  kind: 'Environment';
  metadata: Metadata;
  spec: EnvironmentSpec;
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
 * What is injected.
 */
export interface EnvironmentSpec {
  variables?: Variables;
  secrets?: Secrets;
  files?: Files;
}
/**
 * Environment variables by name. Values may use {sandbox} and {service}. A value holds at most 120 KiB; put larger ones into files.
 */
export interface Variables {
  /**
   * Text of at most 120 KiB in UTF-8; put a larger value into files of an environment.
   */
  [k: string]: string;
}
/**
 * Write-only values by variable name. Reading shows only {version, updatedAt}; giving that back keeps the value.
 */
export interface Secrets {
  [k: string]: string | SecretReference;
}
/**
 * The stored value, kept.
 */
export interface SecretReference {
  /**
   * Version of the stored value; 0 is whichever is stored now.
   */
  version: number;
  /**
   * When it was set.
   */
  updatedAt?: string;
}
/**
 * Contents by absolute path inside the container; each at most 1 MiB. Nothing in them is replaced. Everybody who can read documents sees them: what is secret belongs into secrets.
 */
export interface Files {
  [k: string]: FileContent;
}
/**
 * Any bytes.
 */
export interface FileBytes {
  /**
   * The bytes in base64; line breaks are ignored.
   */
  base64: string;
}
