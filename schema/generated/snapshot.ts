/* Generated from ../documents/snapshot.schema.json by `npm run generate`; do not edit. */

/**
 * 1 to 40 letters, digits, '-', '_' or '.'. Case is kept; two names that differ only in case, '_' or '.' are the same name.
 */
export type Name = string;

/**
 * A sandbox with everything that it depended on, as it was at one moment. It is taken or imported, never written or changed.
 */
export interface SnapshotDocument {
  /**
   * Version of the format.
   */
  apiVersion: 'sdp/v1';
  /**
   * Kind of document.
   */
  kind: 'Snapshot';
  metadata: Metadata;
  spec: SnapshotSpec;
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
 * What was kept. Nobody changes it.
 */
export interface SnapshotSpec {
  /**
   * Why it was taken.
   */
  message?: string;
  /**
   * When it was taken, ISO 8601.
   */
  takenAt: string;
  /**
   * Who took it.
   */
  takenBy: string;
  /**
   * Id of the installation that it was taken on.
   */
  installation: string;
  /**
   * The store's resourceVersion at which everything was read together.
   */
  storeVersion: number;
  /**
   * When it came from a file, ISO 8601; absent when it was taken here.
   */
  importedAt?: string;
  /**
   * Who brought it from a file.
   */
  importedBy?: string;
  sandbox: CapturedSandbox;
  route?: CapturedRoute;
  /**
   * Environments that were in use, by name.
   */
  environments: CapturedEnvironment[];
  /**
   * Catalogue entries that it depended on, by name.
   */
  services: CapturedService[];
  /**
   * The commit of each service that had one.
   */
  commits: PinnedCommit[];
  /**
   * Images that nodes had of these commits.
   */
  images: PinnedImage[];
  /**
   * Services without a commit: a restore takes the newest of their branch.
   */
  unpinned: Unpinned[];
}
/**
 * The sandbox as it was.
 */
export interface CapturedSandbox {
  name: Name;
  /**
   * Identity of the document that it was.
   */
  uid: string;
  /**
   * Revision that it was at.
   */
  revision: number;
  /**
   * Generation that it was at.
   */
  generation?: number;
  /**
   * Its labels.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Its annotations.
   */
  annotations?: {
    [k: string]: string;
  };
  /**
   * The author's YAML, where there was one.
   */
  text?: string;
  /**
   * What it asked for then.
   */
  spec: {
    [k: string]: unknown;
  };
}
/**
 * Its routes as they were; absent when it had none.
 */
export interface CapturedRoute {
  name: Name;
  /**
   * Identity of the document that it was.
   */
  uid: string;
  /**
   * Revision that it was at.
   */
  revision: number;
  /**
   * Its labels.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Its annotations.
   */
  annotations?: {
    [k: string]: string;
  };
  /**
   * The author's YAML, where there was one.
   */
  text?: string;
  /**
   * What it asked for then.
   */
  spec: {
    [k: string]: unknown;
  };
}
/**
 * An environment that the sandbox or one of its services used.
 */
export interface CapturedEnvironment {
  name: Name;
  /**
   * Identity of the document that it was.
   */
  uid: string;
  /**
   * Revision that it was at.
   */
  revision: number;
  /**
   * Its labels.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Its annotations.
   */
  annotations?: {
    [k: string]: string;
  };
  /**
   * The author's YAML, where there was one.
   */
  text?: string;
  /**
   * What it asked for then; secrets by version, never their values.
   */
  spec: {
    [k: string]: unknown;
  };
}
/**
 * A catalogue entry that the sandbox depended on.
 */
export interface CapturedService {
  name: Name;
  /**
   * Identity of the document that it was.
   */
  uid: string;
  /**
   * Revision that it was at.
   */
  revision: number;
  /**
   * Its labels.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Its annotations.
   */
  annotations?: {
    [k: string]: string;
  };
  /**
   * The author's YAML, where there was one.
   */
  text?: string;
  /**
   * What it asked for then.
   */
  spec: {
    [k: string]: unknown;
  };
}
/**
 * The commit that a service was at.
 */
export interface PinnedCommit {
  /**
   * Slug of the service; gateway for the gateway.
   */
  service: string;
  /**
   * Repository that the commit is in.
   */
  repository: string;
  /**
   * Branch that was asked for; empty when a commit was.
   */
  branch: string;
  /**
   * Full commit id.
   */
  commit: string;
  /**
   * First line of its message.
   */
  subject: string;
  /**
   * Who wrote it.
   */
  author: string;
  /**
   * When it was written.
   */
  authoredAt: string;
}
/**
 * An image that a service ran from, or would have.
 */
export interface PinnedImage {
  /**
   * Slug of the service.
   */
  service: string;
  /**
   * Node that had it.
   */
  node: string;
  /**
   * Name of the image.
   */
  ref: string;
  /**
   * Id of the image.
   */
  id: string;
}
/**
 * A service that no commit is kept for.
 */
export interface Unpinned {
  /**
   * Slug of the service.
   */
  service: string;
  /**
   * Why, in plain words.
   */
  reason: string;
}
