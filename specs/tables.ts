/** The tables as code sees them. Columns are snake_case in the database; JSON and times are text on every dialect. */
import type { Kysely, Transaction } from 'kysely';
import type { Kind } from '#schema/documents';
import type {
  AuditEntry,
  Deployment,
  DeploymentEvent,
  Lifecycle,
  PersonalPort,
  PortAllocation,
  Resolution,
  SubnetAllocation,
  Transition,
} from '#schema/records';
import type { Columns } from './columns.ts';
import type { Attempt, NodeRecord } from './store.ts';

export interface DocumentRow {
  uid: string;
  kind: Kind;
  slug: string;
  name: string;
  labels: string;
  annotations: string;
  spec: string;
  generation: number;
  resourceVersion: number;
  revision: number;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  updatedBy: string;
  deletedAt: string | null;
  finalizers: string;
  /** 1 once removed for good; the row stays, so that watchers see it and people can restore it. */
  gone: number;
  /** uid of the sandbox that took this Route with it. */
  removedWith: string | null;
  /** ManagedBy as JSON. */
  managedBy: string | null;
}

export interface RevisionRow {
  uid: string;
  revision: number;
  generation: number;
  resourceVersion: number;
  author: string;
  message: string;
  at: string;
  deleted: number;
  labels: string;
  annotations: string;
  spec: string;
  text: string | null;
}

export interface SecretRow {
  uid: string;
  name: string;
  version: number;
  updatedAt: string;
  /** Sealed value, base64url; see seal.ts. */
  sealed: string;
}

export interface LeaseRow {
  name: string;
  epoch: number;
  /** Holder as JSON; NULL when nobody has it. */
  holder: string | null;
  /** Unix milliseconds of the database's clock; 0 when nobody has it. */
  expiresAt: number;
  /** Marks the transaction that was committed last, where that can be in doubt. */
  batch: string | null;
}

export interface Tables {
  documents: DocumentRow;
  revisions: RevisionRow;
  statuses: { uid: string; status: string; statusVersion: number; observedGeneration: number };
  secrets: SecretRow;
  containerNames: { name: string; sandboxUid: string; sandbox: string; service: string };
  counters: { name: string; value: number };
  leases: LeaseRow;
  resolutions: Resolution;
  deployments: Columns<Deployment> & { seq: number; open: number };
  deploymentEvents: Columns<Omit<DeploymentEvent, 'error'>> & { seq: number; error: string | null };
  attempts: Columns<Attempt>;
  ports: PortAllocation;
  restingPorts: { engine: string; port: number; releasedSeq: number; releasedAt: string | null; sandbox: string; service: string };
  personalPorts: Columns<PersonalPort>;
  subnets: SubnetAllocation;
  nodes: Omit<NodeRecord, 'cordon'> & { cordon: string | null };
  nodeTokens: { tokenHash: string; node: string };
  sessions: { tokenHash: string; username: string; createdAt: string; expiresAt: string };
  audit: Columns<AuditEntry>;
  transitions: Columns<Transition>;
  lifecycles: Columns<Lifecycle>;
  settings: { name: string; value: string };
}

export type Db = Kysely<Tables>;
export type Tx = Transaction<Tables>;
