/** Bodies of the HTTP API, shared by server, CLI and UI. */
import type { ErrorBody } from './errors.ts';
import type { BaselineCheck, EdgeFault, EdgeTarget } from './wire/commands.ts';
import type { TargetCheck } from './wire/report.ts';
import type { EdgeRequest } from './wire/requests.ts';
import type { Kind, RouteFault, StoredDocument } from './documents.ts';
import type { PortAllocation } from './records.ts';
import type { NodeType } from './states.ts';
import type { PortRanges } from './wire/messages.ts';

/** RFC 9457 problem document; `application/problem+json`. */
export interface Problem extends ErrorBody {
  type: string;
  title: string;
  status: number;
  detail: string;
}

export interface LoginRequest {
  username: string;
  password: string;
}
export interface LoginResponse {
  /** Bearer token; the browser gets it as a cookie instead. */
  token: string;
  username: string;
  expiresAt: string;
}
export interface WhoAmI {
  username: string;
  /** Whether this server holds a live login that can fetch for this person. */
  canFetch: boolean;
  expiresAt: string;
  server: { version: string; installation: string };
}

/** One step of a plan, in the order in which it would happen. */
export interface PlanStep {
  action:
    | 'fetch'
    | 'build'
    | 'network'
    | 'create'
    | 'replace'
    | 'restart'
    | 'start'
    | 'stop'
    | 'remove'
    | 'route'
    | 'claim'
    | 'release';
  service?: string;
  node?: string;
  /** Plain words: what and why. */
  reason: string;
}

/** What a save would do: the same result drives commands and is shown to people. */
export interface PlanView {
  sandbox: string;
  steps: PlanStep[];
  /** Services that stay exactly as they are. */
  keep: string[];
  /** What is in the way, with what to do. The plan does the rest. */
  blocked: { service?: string; code: string; reason: string }[];
  warnings: string[];
}

/** A field that a write would change. Values of secrets are never shown. */
export interface FieldChange {
  /** Such as `spec.services.account.branch`. */
  path: string;
  before?: unknown;
  after?: unknown;
}

export type ApplyOutcome = 'created' | 'configured' | 'unchanged' | 'deleted';

export interface ApplyResult {
  kind: Kind;
  name: string;
  outcome: ApplyOutcome;
  changes: FieldChange[];
  /** resourceVersion that `wait` has to see; with dryRun the current one. */
  resourceVersion: number;
  generation: number;
  /** For a sandbox, or a route of one: what it leads to. */
  plan?: PlanView;
  /** What the person who writes has to know, such as that a repository will undo it. */
  warnings?: string[];
}

/**
 * `POST /api/v1/apply` with a whole folder. `?prune=true&selector=team=checkout` also deletes what bears the label and is
 * not in it; `?managedBy=SOURCE&managedRevision=COMMIT` says where the documents come from.
 */
export interface ApplyFilesRequest {
  files: { name: string; text: string }[];
  /** `sandbox/NAME`, as a dry run listed them: refused when others would be deleted by now. */
  expectPruned?: string[];
}

/** `GET /api/v1/export?kind=&selector=`: documents as files that `apply` finds to be unchanged. */
export interface ExportedDocument {
  kind: Kind;
  name: string;
  /** Such as `sandbox/QA-LOGIN-ERROR.yaml`. */
  path: string;
  yaml: string;
}

/** `POST /api/v1/sandboxes/{name}/hold`. */
export interface HoldRequest {
  /** ISO 8601; or `for`. Left out: 24 hours. */
  until?: string;
  /** Such as `2h`. */
  for?: string;
  reason?: string;
}

export type TimelineKind =
  | 'spec'
  | 'route'
  | 'environment'
  | 'secret'
  | 'service'
  | 'commit'
  | 'hold'
  | 'action'
  | 'deployed'
  | 'failed'
  | 'restarted'
  | 'lost'
  | 'ready'
  | 'not-ready';

/** Something that happened to a sandbox, by whoever. */
export interface TimelineEntry {
  /** Unique within the sandbox. */
  id: string;
  /** ISO 8601. */
  at: string;
  kind: TimelineKind;
  /** What happened, in one line. */
  title: string;
  /** Who did it; absent where nobody did. */
  by?: string;
  service?: string;
  /** More of it, a line each, such as fields that changed or a first error. */
  details: string[];
  /** A change that may have been the cause of something; otherwise it is an effect. */
  cause: boolean;
  /** Of the document that changed. */
  resourceVersion?: number;
}

/** `GET /api/v1/sandboxes/{name}/timeline?since=&limit=&cursor=`, newest first. */
export interface TimelineView extends Page<TimelineEntry> {
  /** Whether the sandbox is Ready now. */
  ready: boolean;
  /** The last time that it worked; `until` absent: it does now. Absent: never seen to work. */
  worked?: { from: string; until?: string };
  /** Not Ready now: what changed since it worked, the likeliest cause first. Only on the first page. */
  changed?: TimelineEntry[];
}

/** `POST /api/v1/apply?dryRun=true` with YAML (application/yaml) or JSON `{documents: [...]}`. */
export interface ApplyResponse {
  dryRun: boolean;
  results: ApplyResult[];
}

export interface Revision {
  revision: number;
  generation: number;
  resourceVersion: number;
  author: string;
  message: string;
  at: string;
  deleted: boolean;
  spec: unknown;
}

/** `GET .../revisions/{number}`. */
export interface RevisionView extends Revision {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** The author's YAML, where it was applied as such. */
  text?: string;
}

export interface NodeView {
  name: string;
  type: NodeType;
  address: string;
  engine: string;
  /** Whether its session is live. */
  online: boolean;
  lastSeenAt: string;
  agentVersion: string;
  /** This agent runs the edge of its engine. */
  edgeOwner: boolean;
  edge: { state: string; message?: string };
  /** Port that serves all sandboxes by name; absent: none. */
  sharedPort?: number;
  repositories: { name: string; path: string; kind: string; url?: string; problem?: string }[];
  containers: number;
  memoryFreeBytes: number;
  diskFreeBytes: number;
  ports: PortRanges;
}

export interface RepositoryView {
  name: string;
  url?: string;
  nodes: string[];
  problem?: string;
}

/** `GET /api/v1/sandboxes/{name}/routes`: how each service is reached, and why. */
export interface RouteView {
  service: string;
  target: string;
  url: string;
  reason: string;
  /** ISO 8601: since when it has been this target. */
  since?: string;
  verified?: TargetCheck;
  fault?: EdgeFault;
  /** Requests for it in the last ten minutes that came through an edge; absent where nobody counts. */
  requests?: number;
  edges: Record<string, EdgeTarget>;
}

/** `GET /api/v1/sandboxes/{name}/requests`, newest first. */
export interface RequestView extends EdgeRequest {
  /** Node whose edge saw it. */
  node: string;
}

/** One stretch of a traced request: from an edge to a target. */
export interface TraceHop {
  node: string;
  request: RequestView;
  /** What it is found by: its id, or the moment, where a service does not pass X-Request-Id on. */
  by: 'id' | 'time';
}

/** `POST /api/v1/sandboxes/{name}/trace` with `{path}`. */
export interface TraceView {
  requestId: string;
  url: string;
  status?: number;
  durationMs: number;
  /** Why there was no answer. */
  failure?: string;
  location?: string;
  /** In order of arrival. */
  hops: TraceHop[];
  /** Index in `hops` of the first that failed. */
  failedAt?: number;
  /** The answer sends the app out of the sandbox. */
  leaves?: true;
}

/** `POST /api/v1/sandboxes/{name}/trace`. */
export interface TraceRequest {
  /** With its query, from "/"; at most 2 KiB. */
  path: string;
}

/** Something that the doctor found; `failed` is in the way, `warning` is good to know. */
export interface DoctorFinding {
  level: 'failed' | 'warning';
  /** What it is, and what to do. */
  message: string;
}

/** What the doctor found on one node. */
export interface DoctorNode {
  node: string;
  ok: boolean;
  online: boolean;
  /** network.pool, as the agent has it. */
  pool: string;
  findings: DoctorFinding[];
  /** Each baseline of the catalogue as seen from this node; empty where another agent of the same engine looked. */
  baselines: BaselineCheck[];
}

/** `POST /api/v1/doctor`. */
export interface DoctorView {
  ok: boolean;
  at: string;
  nodes: DoctorNode[];
}

/** `PUT /api/v1/sandboxes/{name}/routes/{service}`. */
export interface SetRouteRequest {
  /** Left out: stays as it is. */
  target?: 'sandbox' | 'ocp' | string | { sandbox: string };
  /** Gives the service this branch in the same write, where it has none. */
  branch?: string;
  /** As in the Route document, or with `for` ("10m") in place of `until`; null ends it. Left out: stays as it is. */
  fault?: (RouteFault & { for?: string }) | null;
}

/** `POST /api/v1/sandboxes/{name}/deploy`: resolve the branches anew; all services when none are named. */
export interface DeployRequest {
  services?: string[];
  message?: string;
}

export interface CloneRequest {
  name: string;
  /** Answers to a template's questions. */
  parameters?: Record<string, string>;
}

export interface RollbackRequest {
  revision: number;
}

/** `GET|PUT|DELETE /api/v1/use`: a person's own address. */
export interface UseView {
  user: string;
  /** Absent: this person has none. */
  address?: {
    engine: string;
    port: number;
    /** ISO 8601. */
    allocatedAt: string;
    /** Absent: its node is not known any more. */
    url?: string;
    node?: string;
    /** Name of the sandbox that it leads to; absent: that one is gone. */
    sandbox?: string;
    /** What is in the way, with what to do. */
    problem?: string;
  };
}

/** `GET /api/v1/ports`: who has which port. */
export interface PortView extends Omit<PortAllocation, 'kind'> {
  kind: PortAllocation['kind'] | 'personal';
  /** Person: who made the sandbox, or whose port it is. Absent: not known. */
  owner?: string;
}

/** A page of a list. `next` is the cursor for `?cursor=`. */
export interface Page<T> {
  items: T[];
  next?: string;
  /** Stream sequence as of this answer: follow the stream from here. */
  seq?: number;
}

/** `GET /api/v1/templates/{name}/…/clone?dryRun=true` and the editor: text and document. */
export interface DocumentView {
  document: StoredDocument;
  /** The author's text with comments and order, where it was applied as YAML. */
  text?: string;
  seq?: number;
  /** What the person who wrote it has to know. */
  warnings?: string[];
}
