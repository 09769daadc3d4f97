/** The documents as code sees them: generated specs, one envelope, one union. */
import type { EnvironmentSpec } from './generated/environment.ts';
import type { RouteSpec } from './generated/route.ts';
import type { SandboxSpec } from './generated/sandbox.ts';
import type { ServiceSpec } from './generated/service.ts';
import type { SnapshotSpec as Captured } from './generated/snapshot.ts';
import type { TemplateSpec } from './generated/template.ts';
import type { SandboxStatus } from './status.ts';

export type { EnvironmentSpec, FileContent, Secrets, SecretReference } from './generated/environment.ts';
export type { RouteSpec, RouteEntry, RouteFault, RouteTarget } from './generated/route.ts';
export type { Gateway, Hold, Limits, SandboxService, SandboxSpec, Services } from './generated/sandbox.ts';
export type { ServiceSpec, UpstreamsFile } from './generated/service.ts';
export type { PinnedCommit, PinnedImage, Unpinned } from './generated/snapshot.ts';
export type { TemplateParameter, TemplateSpec } from './generated/template.ts';

export const API_VERSION = 'sdp/v1';

export const KINDS = ['Service', 'Environment', 'Template', 'Sandbox', 'Route', 'Snapshot'] as const;
export type Kind = (typeof KINDS)[number];

/** Kinds that people write; a Snapshot is taken or imported. */
export const AUTHORED_KINDS = ['Service', 'Environment', 'Template', 'Sandbox', 'Route'] as const satisfies readonly Kind[];

/** One document inside a snapshot, as it was. */
export type CapturedDocument<S> = Omit<Captured['services'][number], 'spec'> & { spec: S };

/** What a snapshot keeps. The schema leaves the specs inside open: they are of the release that took it. */
export type SnapshotSpec = Omit<Captured, 'sandbox' | 'route' | 'environments' | 'services'> & {
  sandbox: CapturedDocument<SandboxSpec> & { generation: number };
  route?: CapturedDocument<RouteSpec>;
  environments: CapturedDocument<EnvironmentSpec>[];
  services: CapturedDocument<ServiceSpec>[];
};

export interface SpecOf {
  Service: ServiceSpec;
  Environment: EnvironmentSpec;
  Template: TemplateSpec;
  Sandbox: SandboxSpec;
  Route: RouteSpec;
  Snapshot: SnapshotSpec;
}

/** Plural of each kind, as in API paths and CLI arguments. */
export const PLURALS = {
  Service: 'services',
  Environment: 'environments',
  Template: 'templates',
  Sandbox: 'sandboxes',
  Route: 'routes',
  Snapshot: 'snapshots',
} as const satisfies Record<Kind, string>;

/** The kind that a plural, a singular or a kind's own name means, in any case. */
export function kindOf(word: string): Kind | undefined {
  const lower = word.toLowerCase();
  return KINDS.find((kind) => kind.toLowerCase() === lower || PLURALS[kind] === lower);
}

/** A document as a person gives it, validated. */
export type Draft<K extends Kind = Kind> = {
  [P in K]: {
    apiVersion: typeof API_VERSION;
    kind: P;
    metadata: {
      name: string;
      labels?: Record<string, string>;
      annotations?: Record<string, string>;
      /** Compare-and-set: the write is refused when the stored one differs. */
      resourceVersion?: number;
    };
    spec: SpecOf[P];
  };
}[K];

/** Folder or repository that a document is applied from. */
export interface ManagedBy {
  /** Such as `https://git.company.com/sandboxes.git`; never with a login in it. */
  source: string;
  /** The source's own version, such as a commit. */
  revision?: string;
  /** Number of the document's revision that is as the source has it. */
  applied: number;
  /** Somebody changed it past its source since, and it is not as `applied` was. */
  edited?: { by: string; at: string; revision: number };
}

export interface Metadata {
  name: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Identity over the document's life; kept when a deleted document is restored. */
  uid: string;
  /** Lower-case DNS label; unique per kind; what the API looks up. */
  slug: string;
  /** Rises with each change of spec and with each `deploy`. */
  generation: number;
  /** Place in the store's commit order. */
  resourceVersion: number;
  /** Number of the newest revision; rises with every write. */
  revision: number;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  updatedBy: string;
  /** Set when deletion was asked for and finalizers still work. */
  deletedAt?: string;
  finalizers: string[];
  /** Absent: people keep it here. */
  managedBy?: ManagedBy;
}

/** A document as stored. Secrets appear as references only. */
export type StoredDocument<K extends Kind = Kind> = {
  [P in K]: {
    apiVersion: typeof API_VERSION;
    kind: P;
    metadata: Metadata;
    spec: SpecOf[P];
    status?: P extends 'Sandbox' ? SandboxStatus : Record<string, unknown>;
  };
}[K];

export interface DocumentKey {
  kind: Kind;
  slug: string;
}
