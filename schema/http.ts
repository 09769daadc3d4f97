/** Bodies of the HTTP API, shared by server, CLI and UI. */
import type { ErrorBody } from './errors.ts';
import type { BaselineCheck, EdgeFault, EdgeTarget } from './wire/commands.ts';
import type { TargetCheck } from './wire/report.ts';
import type { EdgeRequest } from './wire/requests.ts';
import type { Kind, RouteFault, StoredDocument } from './documents.ts';
import type { ActivityKind, PortAllocation } from './records.ts';
import type { DeploymentState, NodeType } from './states.ts';
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
  /** For an environment or a catalogue entry: what it leads to in sandboxes that use it, where that is anything. */
  affects?: PlanView[];
  /** Sandboxes that use it beyond those that were planned for. */
  unplanned?: number;
  /** What the person who writes has to know: a repository will undo it, or no text uses a template's question. */
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
  /** Since when it is deleted, or being deleted. */
  deletedAt?: string;
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
  /** Why the fault has no effect somewhere, and what to do. */
  faultProblem?: string;
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
  /** Answers to a template's questions; numbers and truth values may come as text. */
  parameters?: Record<string, string | number | boolean>;
}

/** `POST /api/v1/sandboxes/{name}/cancel` and `/retry`: of one service, or of all. */
export interface RolloutRequest {
  service?: string;
}

export interface CancelView {
  sandbox: string;
  cancelled: {
    service: string;
    /** Id of the deployment that ended. */
    deployment: string;
    /** How far it was. */
    state: DeploymentState;
    /** Commit that goes on running; absent: nothing of it ran. */
    keeps?: string;
  }[];
}

export interface RetryView {
  sandbox: string;
  /** `after`: why it had been given up. */
  retried: { service: string; after: string }[];
}

/** `GET /api/v1/sandboxes/{name}/lifecycle`: when it expires, and why. */
export interface LifecycleView {
  /** `warned`: it expires soon. `expired`: it was suspended. `kept`: somebody keeps it. `unlimited`: it is not to expire. */
  state: 'used' | 'warned' | 'expired' | 'kept' | 'unlimited';
  /** ISO 8601: the newest edit, deployment or request. */
  activeAt: string;
  activeBy: ActivityKind;
  /** Milliseconds without activity after which it expires. */
  afterMs?: number;
  /** ISO 8601: when it expires if nobody uses it. */
  expiresAt?: string;
  expiredAt?: string;
  /** ISO 8601: once expired, when it is deleted. */
  deletesAt?: string;
  keptBy?: string;
  keptAt?: string;
}

/** `POST /api/v1/sandboxes/{name}/extend`. */
export interface ExtendRequest {
  /** Such as `7d`. */
  by: string;
}

/** `GET /api/v1/sandboxes/{name}/template`: how a sandbox stands to the template that it was made from. */
export interface TemplateView {
  name: string;
  /** Revision that the sandbox has. */
  revision: number;
  /** Answers that were given. */
  parameters: Record<string, string | number | boolean>;
  /** There is no such template any more; one that was made anew under its name is another one. */
  gone: boolean;
  /** The template has a newer revision. */
  moved: boolean;
  newest?: { revision: number; at: string; by: string; message: string };
  /** What taking the newest would change, and keep of the sandbox's own changes. */
  changes: FieldChange[];
  /** Fields that both changed: `before` is the sandbox's and stays, `after` the template's. */
  conflicts: FieldChange[];
  /** Why it cannot be taken as it is, such as a new question without an answer. */
  problem?: string;
}

/** `POST /api/v1/sandboxes/{name}/template`: takes the newest revision of its template. */
export interface TakeTemplateRequest {
  /** Beside and before those that the sandbox keeps. */
  parameters?: Record<string, string | number | boolean>;
  /** Where both changed a field, the template's counts. */
  takeTemplate?: boolean;
}

/** `POST /api/v1/sandboxes/{name}/snapshot`. */
export interface SnapshotRequest {
  /** Left out: the sandbox's name and the time. */
  name?: string;
  /** Why. */
  message?: string;
}

/** `POST /api/v1/snapshots/{name}/restore`. */
export interface RestoreRequest {
  /** Name of a new sandbox; left out: the one that the snapshot was taken of. */
  as?: string;
  /** What becomes of environments that would change for others too; `refuse` when left out. */
  shared?: 'refuse' | 'keep' | 'change';
  /** Makes catalogue entries that are missing here from the snapshot. */
  services?: boolean;
}

/** An environment that is not as a snapshot has it, and that others use. */
export interface SharedEnvironment {
  environment: string;
  /** Such as `Sandbox "QA-TWO"`. */
  users: string[];
}

export interface RestoreResponse extends ApplyResponse {
  snapshot: string;
  sandbox: string;
  shared: SharedEnvironment[];
  /** What is not as it was, in plain words. */
  notes: string[];
}

/** `POST /api/v1/snapshots`: a snapshot from a file. */
export interface ImportSnapshotRequest {
  /** The file's text. */
  file: string;
  /** Another name than the file's. */
  as?: string;
  /** Opens the file's secrets. */
  passphrase?: string;
  /** Leaves sealed secrets out. */
  withoutSecrets?: boolean;
}

export interface ImportSnapshotResponse extends DocumentView {
  /** Secrets that came without a value, as `environment/NAME`. */
  missing: string[];
}

/** `GET /api/v1/snapshots/{name}/compare`: what differs now from what the snapshot has. */
export interface SnapshotComparison {
  snapshot: string;
  sandbox: string;
  /** `before` is what the snapshot has, `after` what there is now; paths such as `environment/qa.spec.variables.LEVEL`. */
  changes: FieldChange[];
}

/** `POST /api/v1/images/prune`: what became of one node. */
export interface PruneView {
  node: string;
  removedImages: string[];
  releasedCommits: number;
  /** Why nothing was done there. */
  problem?: string;
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

/**
 * Layers that a container's variables and files come from; each wins over those before it: addresses that SDP injects,
 * environments of the catalogue's entry, of the sandbox, of the service in it, then variables of both.
 */
export type ValueLayer = 'injected' | 'defaults' | 'sandbox' | 'service';

/** A value of one layer. Values of secrets are never shown. */
export interface GivenValue {
  /** Open values. */
  value?: string;
  /** Version of a secret. */
  secret?: number;
  layer: ValueLayer;
  /** Name of the environment that it comes from, unless it stands in the sandbox itself. */
  environment?: string;
  /** Where it comes from, in words. */
  source: string;
}

export interface VariableView extends GivenValue {
  name: string;
  /** What it wins over, nearest first. */
  overrides: GivenValue[];
}

export interface FileView {
  path: string;
  bytes: number;
  environment: string;
  source: string;
  /** Sources that it wins over, nearest first. */
  overrides: string[];
}

/** `GET /api/v1/sandboxes/{name}/services/{service}/variables`: what its container is given, and from where. */
export interface VariablesView {
  sandbox: string;
  service: string;
  variables: VariableView[];
  files: FileView[];
  /** What keeps the container from being made with these, and variables that lead to state that others use. */
  problem?: string;
  warnings: string[];
}

/** `POST /api/v1/environments/{name}/import`. */
export interface ImportEnvironmentRequest {
  text: string;
  /** Name of the file, for findings. */
  file?: string;
  /** Found out when left out: `openshift` is what `oc get configmap,secret -o yaml` prints. */
  format?: 'env' | 'openshift';
  /** Names that become secrets; what is a secret there, or here, is one anyway. */
  secrets?: string[];
  allSecrets?: boolean;
  /** Folder in the container for entries whose key cannot name a variable. */
  filesTo?: string;
  /** Other names, by key. */
  rename?: Record<string, string>;
  /** Keys that are left out. */
  skip?: string[];
  /** Only these objects, such as `configmap/payment`. */
  only?: string[];
}

export interface ImportedEntry {
  /** Name of the variable, or path of the file. */
  name: string;
  as: 'variable' | 'secret' | 'file';
  change: 'added' | 'changed' | 'unchanged';
  bytes: number;
  /** File and line, or object, that it comes from. */
  from: string;
  /** Of variables only. */
  value?: string;
}

export interface ImportEnvironmentView {
  environment: string;
  dryRun: boolean;
  outcome: ApplyOutcome;
  entries: ImportedEntry[];
  /** What was left out or decided, and why. */
  notes: string[];
  resourceVersion: number;
}

/** `GET /api/v1/secrets/keys`: the master keys, the one that writes first. */
export interface SecretKeysView {
  keys: {
    /** Start of the key's SHA-256. */
    id: string;
    /** It encrypts new values. */
    writes: boolean;
    /** It is in the key file. */
    known: boolean;
    /** Stored values that it encrypts, those of earlier versions included. */
    values: number;
  }[];
  /** Values that another key than the writing one encrypts. */
  left: number;
}

/** `POST /api/v1/secrets/rotate`. */
export interface RotateSecretsView extends SecretKeysView {
  /** Values that came under the writing key. */
  rewrapped: number;
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
