/** What the pure parts speak of: inputs read from the store, what is wanted, what is observed, and steps. */
import type { FileContent, StoredDocument, UpstreamsFile } from '#schema/documents';
import type { ErrorCode } from '#schema/errors';
import type { PlanStep } from '#schema/http';
import type { Deployment, Lifecycle, PersonalPort, PortAllocation, Resolution, SubnetAllocation } from '#schema/records';
import type { NodeType } from '#schema/states';
import type { Command, SandboxRef } from '#schema/wire/commands';
import type { PortRanges } from '#schema/wire/messages';
import type { NodeState, ObservedContainer, ObservedNetwork } from '#schema/wire/report';
import type { Attempt, NodeRecord } from '#specs/store';

/** Another sandbox that this one's routes lead to. */
export interface OtherSandbox {
  ref: SandboxRef;
  suspended: boolean;
  /** Slugs of the services that run there. */
  services: ReadonlySet<string>;
  ports: readonly PortAllocation[];
}

/** All that is read from the store for one pass over one sandbox. */
export interface Inputs {
  sandbox: StoredDocument<'Sandbox'>;
  route: StoredDocument<'Route'> | undefined;
  /** By slug. */
  catalogue: ReadonlyMap<string, StoredDocument<'Service'>>;
  /** By slug. */
  environments: ReadonlyMap<string, StoredDocument<'Environment'>>;
  /** By slug. */
  others: ReadonlyMap<string, OtherSandbox>;
  resolutions: readonly Resolution[];
  attempts: readonly Attempt[];
  ports: readonly PortAllocation[];
  subnets: readonly SubnetAllocation[];
  /** Ports of people that lead to this sandbox, or did and move elsewhere at the moment. */
  personal: readonly PersonalPort[];
  /** Newest first. */
  deployments: readonly Deployment[];
  nodeRecords: readonly NodeRecord[];
  /** Absent until it was counted first. */
  lifecycle?: Lifecycle;
  /** Highest resourceVersion among the documents read. */
  resourceVersion: number;
  /** `Kind/slug` of every document that was looked for, there or not. */
  read: ReadonlySet<string>;
}

/** A value given in the open, or where the secret lies. */
export type VariableSource =
  | { kind: 'plain'; value: string }
  | { kind: 'secret'; environmentUid: string; name: string; version: number };

/** Which commit a service wants, or that it must be found out. */
export type Source =
  | { kind: 'commit'; commit: string; branch: string; subject?: string }
  | {
      kind: 'fetch';
      /** Repository, branch and request: another key is another fetch. */
      key: string;
      branch: string;
      /** Generation of the newest request; 0 when nobody asked by `deploy`. */
      since: number;
      askedBy: string;
      /** What runs until then. */
      former: Resolution | undefined;
    };

export interface Problem {
  code: ErrorCode;
  reason: string;
}

/** One service that is to run in the sandbox. */
export interface WantedService {
  /** Slug of its name; `gateway` for the gateway. */
  service: string;
  kind: 'gateway' | 'service';
  repository: string;
  source: Source;
  run: 'started' | 'stopped';
  /** Name of the node that it is pinned to. */
  pin: string | undefined;
  variables: Record<string, VariableSource>;
  files: Record<string, FileContent>;
  /** A file with the addresses of peers. How it is made belongs to the desired hash, what is in it does not. */
  upstreams?: { file: UpstreamsFile; content: string };
  limits: { cpu?: number; memoryBytes?: number };
  port: number;
  health: string | undefined;
  replace: 'beside' | 'recreate';
  /** Seconds that its container serves open connections after it was replaced; undefined: the installation's default. */
  drainSeconds: number | undefined;
  problem: Problem | undefined;
  warnings: string[];
}

export interface Desired {
  ref: SandboxRef;
  generation: number;
  revision: number;
  /** Who wrote the newest revision. */
  changedBy: string;
  suspended: boolean;
  deleting: boolean;
  /** The gateway first, then by name. */
  services: readonly WantedService[];
}

/** A node with what it holds of one sandbox. */
export interface NodeWorld {
  name: string;
  type: NodeType;
  address: string;
  engine: string;
  /** Whether its report may be believed now. Nothing is concluded from any other. */
  online: boolean;
  lastSeenAt: string;
  ports: PortRanges | undefined;
  network: { pool: string; prefix: number } | undefined;
  /** Newest report of this server's life, old or not. */
  state: NodeState | undefined;
  /** Containers of this sandbox, and foreign ones under its names. */
  containers: readonly ObservedContainer[];
  /** Networks of this sandbox, and foreign ones under its name. */
  networks: readonly ObservedNetwork[];
}

/** Nodes by name, those known from records alone included. */
export interface World {
  nodes: readonly NodeWorld[];
}

/** Where a service runs or will run. */
export type Placement =
  | { kind: 'node'; node: NodeWorld; reason: string }
  /** It belongs to a node that does not report: nothing may be concluded. */
  | { kind: 'unknown'; node: string; reason: string }
  | { kind: 'blocked'; problem: Problem };

/** The container that a service should have. */
export interface Target {
  repository: string;
  commit: string;
  branch: string;
  image: string;
  hash: string;
  build: 'go' | 'dockerfile' | 'copy';
}

type WithoutDispatch<C> = C extends unknown
  ? Omit<C, 'id' | 'epoch' | 'attempt' | 'deadline' | 'credentials' | 'deploymentId'>
  : never;

/** A command before it is dispatched: without id, time, login and secrets. */
export type Order = WithoutDispatch<Exclude<Command, { type: 'login' | 'branches' | 'prune' | 'trace' | 'doctor' }>>;

/** One step of a plan. */
export interface Step {
  action: PlanStep['action'];
  service?: string;
  node?: string;
  reason: string;
  /** At most one command per key is in flight: a service's slug, `@network/engine`, `@routes/engine`. */
  key: string;
  /** Name under which its failures are counted. */
  kind: string;
  /** What it works on: a fetch key, an image, a hash, a container id. */
  subject: string;
  /** The subject as failures are counted by: another one starts at zero. */
  input: string;
  /** Absent for claims and releases, which the loop does itself in the store. */
  order?: Order;
  /** On whose behalf it fetches. */
  askedBy?: string;
  /** It comes after something else, or waits: why, in plain words. */
  waits?: string;
  /** Restoring what had been reached already: makes no deployment. */
  healing?: boolean;
  /** Not for the sandbox itself, such as routes of the shared port elsewhere: nothing waits for it. */
  aside?: true;
}
