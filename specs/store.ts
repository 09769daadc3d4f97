/** What the control plane needs of its store. SQLite is one implementation; one contract test holds for all. */
import type { Draft, Kind, SecretReference, StoredDocument } from '#schema/documents';
import type { SdpError } from '#schema/errors';
import type {
  AuditEntry,
  AuditFilter,
  Cordon,
  Deployment,
  DeploymentEvent,
  Lifecycle,
  PersonalPort,
  PortAllocation,
  Resolution,
  SubnetAllocation,
  Transition,
} from '#schema/records';
import type { Revision, RevisionView } from '#schema/http';
import type { SandboxStatus } from '#schema/status';
import type { NodeType } from '#schema/states';
import type { MasterKeys } from './master-key.ts';

export interface Author {
  user: string;
  /** Shown in the history. */
  message?: string;
}

/** Resolution that travels with a write (rollback, clone, restore): valid for the generation that the write makes. */
export type CarriedResolution = Omit<Resolution, 'sandboxUid' | 'generation' | 'resolvedAt' | 'resolvedBy'>;

export interface Write {
  draft: Draft;
  /** The author's YAML of this document, kept with the revision. */
  text?: string;
  /** Makes a revision and raises the generation although the spec is equal: `deploy`. */
  bump?: boolean;
  resolutions?: CarriedResolution[];
  /** Secret values that an imported snapshot brings along; sealed in the same transaction. */
  secrets?: KeptSecret[];
  /** It comes from this folder or repository; without it the write is one by hand. */
  managedBy?: { source: string; revision?: string };
}

/** A document that goes in the same transaction as others are written. */
export interface Removal {
  kind: Kind;
  name: string;
}

/** A value under the environment's uid and version by which a snapshot refers to it. */
export interface KeptSecret {
  uid: string;
  name: string;
  version: number;
  value: string;
}

/** What reads of one consistent look see. */
export type StoreView = Pick<DocumentStore, 'get' | 'list' | 'text' | 'currentVersion'> & Pick<RecordStore, 'resolutions'>;

export interface WriteResult {
  document: StoredDocument;
  outcome: 'created' | 'configured' | 'unchanged' | 'deleted';
  /** The document before, if there was one that was not deleted. */
  before?: StoredDocument;
}

export interface DocumentPage<K extends Kind> {
  documents: StoredDocument<K>[];
  /** Slug to continue after. */
  next?: string;
}

export interface Retention {
  /** ISO time: documents deleted before it go with revisions, secrets, resolutions, deployments. */
  deletedBefore: string;
  /** Revisions of one document that stay however old they are; 500 by default, and never less than one. */
  revisionsKept?: number;
}

/** How many were removed. */
export interface Compacted {
  documents: number;
  revisions: number;
}

/** A key that changed; readers read the level. */
export interface Change {
  resourceVersion: number;
  kind: Kind;
  slug: string;
  name: string;
  uid: string;
  /** The document is gone for good. */
  gone: boolean;
}

/**
 * Versioned documents. Every method throws SdpError: `conflict` (stale resourceVersion; names both),
 * `name_taken` (slug or container name of another document; names both), `not_found`.
 */
export interface DocumentStore {
  /**
   * All or nothing, in one transaction. What is there already changes nothing and makes no revision. Removals come after
   * the writes, in their order, and their results after the others'.
   * @throws SdpError immutable for a Snapshot that would change
   */
  apply(writes: readonly Write[], author: Author, removals?: readonly Removal[]): Promise<WriteResult[]>;
  /** What `apply` would answer, without writing. */
  dryRun(writes: readonly Write[], author: Author, removals?: readonly Removal[]): Promise<WriteResult[]>;
  /** By name in any case. undefined when there is none or it is gone; a document waiting for finalizers is returned. */
  get<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K> | undefined>;
  getByUid(uid: string): Promise<StoredDocument | undefined>;
  /** Sorted by slug. Includes documents that wait for finalizers. */
  list<K extends Kind>(kind: K): Promise<StoredDocument<K>[]>;
  /** A part of the list: those after the slug `after`, at most `limit`; `next` continues, when there are more. */
  page<K extends Kind>(kind: K, where: { after?: string; limit: number }): Promise<DocumentPage<K>>;
  /** The document, or the one that was deleted last under the name, whose `deletedAt` is set. @throws SdpError not_found */
  history<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K>>;
  /** Author's text of the newest revision, if it has one. */
  text(kind: Kind, name: string): Promise<string | undefined>;
  /** One revision with everything in it, by its number or its resourceVersion; also of a document that is gone. */
  revision(kind: Kind, name: string, which: { revision: number } | { resourceVersion: number }): Promise<RevisionView | undefined>;
  /** Newest first. */
  revisions(kind: Kind, name: string): Promise<Revision[]>;
  /**
   * A Sandbox is marked (deletedAt) and goes when its finalizers are done, its Route with it;
   * others go at once. Deleting is a revision.
   */
  delete(kind: Kind, name: string, author: Author): Promise<StoredDocument>;
  /** Ends the wait of a marked document; the last finalizer removes it. */
  finishFinalizer(uid: string, finalizer: string): Promise<void>;
  /** Brings back a deleted document under its uid, as its newest revision was. */
  restore(kind: Kind, name: string, author: Author): Promise<StoredDocument>;
  /** Status has its own sequence: never a conflict with saving. Nothing is written when it is equal. Returns whether it changed. */
  writeStatus(uid: string, status: SandboxStatus): Promise<boolean>;
  /**
   * Keys changed after `since`, then live ones until aborted. Collapses: of one key only the newest.
   * @throws SdpError compacted when `since` is before documents that are removed by now: list again, go on from there.
   */
  watch(since: number, signal: AbortSignal): AsyncIterable<Change>;
  /** Removes for good what is past retention, a portion per transaction. */
  compact(retention: Retention): Promise<Compacted>;
  /** Highest resourceVersion of the store. */
  currentVersion(): Promise<number>;
  /** Plain values of an environment's secrets by name, for the moment of dispatch. */
  readSecrets(environmentUid: string): Promise<Record<string, string>>;
  /** Plain values of these versions, also of an environment that is gone. A version that is not stored is left out. */
  secretValues(environmentUid: string, references: Readonly<Record<string, SecretReference>>): Promise<Record<string, string>>;
  /** Reads that belong together: nothing is written between them. The view is of no use after the call. */
  look<T>(read: (view: StoreView) => Promise<T>): Promise<T>;
  /** Goes on with another reading of the key file. */
  adoptKeys(keys: MasterKeys): void;
  /** How many stored values each master key wraps, also keys that are not at hand; the one that writes comes first. */
  secretKeys(): Promise<SecretKeyUse[]>;
  /**
   * Wraps up to `limit` values anew that another key than the writing one wraps, in one transaction. Those whose key is
   * not at hand are left; call again until `rewrapped` is 0. The check of the next start is noted under it too.
   */
  rewrapSecrets(limit: number): Promise<{ rewrapped: number }>;
}

/** A master key as far as it may be shown. */
export interface SecretKeyUse {
  /** Start of the key's SHA-256. */
  id: string;
  /** It wraps new values. */
  writes: boolean;
  /** It is among the keys of the key file. */
  known: boolean;
  /** Stored values that it wraps, those of earlier versions included. */
  values: number;
}

/** A step that failed, so that a restart neither forgets nor storms (invariant 6). */
export interface Attempt {
  sandboxUid: string;
  service: string;
  /** `fetch`, `build`, `run`, ... */
  step: string;
  /** What the step worked on; another input starts at zero. */
  input: string;
  count: number;
  code: string;
  message: string;
  /** Not before this time; absent when it has given up. */
  nextAt?: string;
}

export interface NodeRecord {
  name: string;
  type: NodeType;
  address: string;
  engine: string;
  lastSeenAt: string;
  /** Nothing new is placed there. */
  cordon?: Cordon;
}

/** Records beside the documents. */
export interface RecordStore {
  addResolution(resolution: Resolution): Promise<void>;
  /** All of a sandbox, oldest first. */
  resolutions(sandboxUid: string): Promise<Resolution[]>;
  /** Commits that sandboxes were resolved to, of those that there are or that were deleted since (ISO 8601), each once. */
  resolvedCommits(deletedSince: string): Promise<{ repository: string; commit: string }[]>;

  /** Inserts or replaces by id; a terminal state is never left. */
  putDeployment(deployment: Deployment): Promise<void>;
  deployment(id: string): Promise<Deployment | undefined>;
  /** Newest first. */
  deployments(filter: { sandbox?: string; sandboxUid?: string; service?: string; open?: boolean; limit?: number; before?: string }): Promise<Deployment[]>;
  addDeploymentEvents(events: readonly DeploymentEvent[]): Promise<void>;
  deploymentEvents(deploymentId: string): Promise<DeploymentEvent[]>;

  attempts(sandboxUid: string): Promise<Attempt[]>;
  putAttempt(attempt: Attempt): Promise<void>;
  clearAttempts(sandboxUid: string, service?: string, step?: string): Promise<void>;

  /**
   * Claims a free port of the range (the same name's last one, else the lowest that has not been released within 14 days), or gives back the one that this service has on this engine.
   * `avoid`: ports that foreign processes hold (never handed out newly; a held one moves).
   * @throws SdpError port_pool_exhausted
   */
  claimPort(claim: Omit<PortAllocation, 'port' | 'allocatedAt'>, range: { from: number; to: number }, avoid: readonly number[]): Promise<PortAllocation>;
  /**
   * Claims the next free subnet of the pool, or gives back the one that this sandbox has on this engine.
   * @throws SdpError subnet_pool_exhausted
   */
  claimSubnet(claim: Omit<SubnetAllocation, 'subnet' | 'allocatedAt'>, pool: { pool: string; prefix: number }): Promise<SubnetAllocation>;
  ports(filter?: { sandboxUid?: string }): Promise<PortAllocation[]>;
  subnets(filter?: { sandboxUid?: string }): Promise<SubnetAllocation[]>;
  releasePort(engine: string, port: number): Promise<void>;
  /** Releases all ports, subnets and container names of a sandbox. */
  releaseSandbox(sandboxUid: string): Promise<void>;

  /** By sandbox: those that lead to it, and those that do so until their new routes are in force. */
  personalPorts(filter?: { user?: string; sandboxUid?: string }): Promise<PersonalPort[]>;
  /**
   * Points the person's port at a sandbox. The one they have stays while it is of this engine and range and not in
   * `avoid`; else, or without one, the port is chosen as for a service. One per person.
   * @throws SdpError port_pool_exhausted
   */
  claimPersonalPort(claim: Omit<PersonalPort, 'port' | 'allocatedAt' | 'formerUid'>, range: { from: number; to: number }, avoid: readonly number[]): Promise<PersonalPort>;
  /** The former sandbox gives the port up; nothing when it leads elsewhere by now. */
  settlePersonalPort(user: string, sandboxUid: string): Promise<void>;
  /** Answers what was released; undefined when the person had none. */
  releasePersonalPort(user: string): Promise<PersonalPort | undefined>;

  /** Leaves the cordon of a known node as it is. */
  putNode(node: Omit<NodeRecord, 'cordon'>): Promise<void>;
  nodes(): Promise<NodeRecord[]>;
  forgetNode(name: string): Promise<void>;
  /** Sets or, with undefined, ends the cordon of a node. @throws SdpError not_found */
  cordonNode(name: string, cordon: Cordon | undefined): Promise<void>;
  /** Only hashes are stored (SHA-256, hex). */
  putNodeToken(node: string, tokenHash: string): Promise<void>;
  /** Name of the node that the token belongs to. */
  nodeOfToken(tokenHash: string): Promise<string | undefined>;

  putSession(session: { tokenHash: string; username: string; createdAt: string; expiresAt: string }): Promise<void>;
  session(tokenHash: string): Promise<{ username: string; createdAt: string; expiresAt: string } | undefined>;
  deleteSession(tokenHash: string): Promise<void>;

  addAudit(entry: Omit<AuditEntry, 'id'>): Promise<void>;
  /** @param filter 100 entries when no limit is given */
  audit(filter: AuditFilter): Promise<AuditEntry[]>;

  /** What became of a sandbox, newest first; at most 1000 are kept of each. `until`: ISO 8601, before. */
  transitions(sandboxUid: string, filter?: { until?: string; limit?: number }): Promise<Transition[]>;

  /** How long a sandbox was not used; undefined until that is counted first. */
  lifecycle(sandboxUid: string): Promise<Lifecycle | undefined>;
  lifecycles(): Promise<Lifecycle[]>;
  /** Inserts or replaces, in one transaction. */
  putLifecycles(lifecycles: readonly Lifecycle[]): Promise<void>;

  /** A value that lasts, such as the installation id. */
  setting(name: string): Promise<string | undefined>;
  putSetting(name: string, value: string): Promise<void>;
}

export interface LeadershipOptions {
  /** Address of this control plane, for those who wait. */
  url?: string;
  /** Called again and again while another has the lease; `endsInMs` counts unless it is renewed. */
  onWait?: (held: { holder: string; endsInMs: number }) => void;
  /** Called once when another took over: this store refuses writes from now on. */
  onLost?: (error: SdpError) => void;
  /** Ends the wait. */
  signal?: AbortSignal;
}

export interface Store extends DocumentStore, RecordStore {
  /**
   * Waits for the lease, takes it and keeps it until the store closes. epoch = max(last + 1, unix milliseconds): every
   * leader's is higher than the one before. A store that never took it is not fenced.
   * @throws SdpError unavailable when the wait is ended
   */
  takeLeadership(options?: LeadershipOptions): Promise<number>;
  close(): Promise<void>;
}
