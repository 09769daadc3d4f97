/**
 * Orders to an agent. A command is idempotent: the agent compares its precondition with the engine as it is
 * now, so a repeated delivery has one effect; "already done" is success.
 */
import type { FileContent } from '../documents.ts';
import type { TargetCheck } from './report.ts';

/** For the one operation that it comes with; never stored, logged or passed on. */
export interface Credentials {
  username: string;
  password: string;
}

/** Which sandbox a command works for. */
export interface SandboxRef {
  uid: string;
  slug: string;
  /** As people wrote it. */
  name: string;
}

interface Base {
  /** Hash of everything that makes this command what it is, attempt and epoch included. */
  id: string;
  epoch: number;
  /** Attempts of this step so far, from 1. */
  attempt: number;
  /** ISO 8601; the agent ends the work and answers deadline_exceeded. */
  deadline: string;
}

interface ForDeployment {
  sandbox: SandboxRef;
  service: string;
  generation: number;
  deploymentId: string;
}

/** Proves a login by a real `git ls-remote` (C2). */
export interface LoginCommand extends Base {
  type: 'login';
  /** Absent: the agent's `auth.repository`. */
  repository?: string;
  credentials: Credentials;
}

/** Lists branches: from the clone, or from the server when credentials are given. */
export interface BranchesCommand extends Base {
  type: 'branches';
  repository: string;
  credentials?: Credentials;
}

/** Fetches, resolves one branch or commit, and pins the commit. */
export interface FetchCommand extends Base, ForDeployment {
  type: 'fetch';
  repository: string;
  branch?: string;
  commit?: string;
  credentials: Credentials;
}

/** Exports the sources of a commit, builds them and makes the image. Needs no network and no login. */
export interface BuildCommand extends Base, ForDeployment {
  type: 'build';
  repository: string;
  commit: string;
  branch: string;
  /** `sdp/{repository}:{commit}-{build hash}`; refused when the agent's build hash is another by now. */
  image: string;
}

/** Makes the sandbox's network on this engine. */
export interface NetworkCommand extends Base {
  type: 'network';
  sandbox: SandboxRef;
  name: string;
  subnet: string;
}

export interface ContainerSpec {
  /** Canonical name: `sandbox-{slug}-{service}`. */
  name: string;
  image: string;
  /** Desired hash, `v1:...`; kept as a label. */
  hash: string;
  commit: string;
  branch: string;
  network: string;
  /** Variables that belong to the desired hash. May hold secrets. */
  variables: Record<string, string>;
  /** Addresses of peers and PORT: outside of the desired hash. */
  injected: Record<string, string>;
  /** Stable host names that lead to the edge, such as `account.sdp`. */
  edgeHosts: string[];
  /** Copied into the created container: contents by absolute path, text or base64. */
  files: Record<string, FileContent>;
  /** Port that the service listens on. */
  port: number;
  /** Path that answers 2xx or 3xx once it can serve; absent: an open port is enough. */
  health?: string;
  /** How the image was made decides which capabilities stay. */
  kind: 'go' | 'dockerfile' | 'copy';
  cpu?: number;
  memoryBytes?: number;
  replace: 'beside' | 'recreate';
  /** Seconds until it must be healthy. */
  startSeconds: number;
  /** Seconds that the replaced container keeps serving its open connections. */
  drainSeconds: number;
}

/**
 * Brings up a container and lets it take over: create beside, start, check, rename, switch, drain, stop.
 * Where a container with this hash exists already, goes on from there.
 */
export interface RunCommand extends Base, ForDeployment {
  type: 'run';
  container: ContainerSpec;
  /** Id of the container that holds the canonical name as far as the plan saw, or null for none. */
  expects: string | null;
}

/** Stops a container and keeps it. */
export interface StopCommand extends Base {
  type: 'stop';
  sandbox: SandboxRef;
  service: string;
  containerId: string;
}

/** Starts, or stops and starts, a container as it is. */
export interface RestartCommand extends Base {
  type: 'restart';
  sandbox: SandboxRef;
  service: string;
  containerId: string;
}

/** Removes a container, or the sandbox's network. */
export interface RemoveCommand extends Base {
  type: 'remove';
  sandbox: SandboxRef;
  /** `drain`: where it was replaced, it first finishes its connections on this port, for so many seconds since then. */
  object: { kind: 'container'; id: string; drain?: { port: number; seconds: number } } | { kind: 'network'; name: string };
}

/** Where the edge sends requests for one service of one sandbox. */
export type EdgeTarget =
  /** A container of this engine, found by its canonical name whenever its address changes. `otherwise`: what people
   * are told while there is none, such as that its build failed. */
  | { kind: 'container'; container: string; port: number; otherwise?: string }
  /** The edge of another node, at the service's port there; `sandbox` is the uid that the port belongs to,
   * given when that is another sandbox than the caller's: the other edge refuses a hop meant for somebody else. */
  | { kind: 'node'; address: string; port: number; sandbox?: string }
  | { kind: 'url'; url: string }
  /** Answered by the edge with a page that says why. */
  | { kind: 'unavailable'; reason: string };

/** What the edge does to some requests for a service in place of passing them on (negative-path testing). */
export type EdgeFault = {
  /** 1 to 100. */
  percent: number;
  /** Only requests whose path begins so. */
  path?: string;
  /** ISO 8601; it ends then, whoever is reachable. */
  until: string;
} & (
  /** Answers with this status. */
  | { kind: 'status'; status: number }
  /** Passes the request on so many milliseconds later. */
  | { kind: 'delay'; ms: number }
  /** Ends the connection without an answer. */
  | { kind: 'reset' }
);

/** All that the edge of one engine knows of one sandbox. */
export interface EdgeRoutes {
  sandbox: SandboxRef;
  /** Number of the sandbox's revision: X-SDP-Revision. */
  revision: number;
  /** The sandbox's page, for people who read a page of the edge. */
  link?: string;
  /** Faults of calls from inside, by service; absent: none. */
  faults?: Record<string, EdgeFault>;
  /** The gateway, for the port that serves all sandboxes by name; absent where that port serves none. */
  shared?: EdgeTarget;
  /** Path that proves a service alive, by service: asked for after each change of its target. */
  health?: Record<string, string>;
  /** The sandbox's subnet on this engine: callers from it are this sandbox. */
  subnet?: string;
  /** For callers inside, by service. */
  inside: Record<string, EdgeTarget>;
  /** Published ports, by port number. */
  outside: Record<string, { service: string; kind: 'gateway' | 'service'; target: EdgeTarget }>;
}

/** Puts one sandbox's routes in force; `routes: null` takes them away. */
export interface RoutesCommand extends Base {
  type: 'routes';
  sandbox: SandboxRef;
  routes: EdgeRoutes | null;
  /** Hash of `routes`, reported back in `ObservedEdge.routes`. */
  hash: string;
}

/** Removes images and build leftovers, and releases pinned commits, that neither a sandbox nor a snapshot refers to. */
export interface PruneCommand extends Base {
  type: 'prune';
  /** Image references that stay. */
  keepImages: string[];
  /** Commits that stay pinned, by repository. What is fetched at the moment stays too, and so do repositories not named. */
  keepCommits?: Record<string, string[]>;
}

/** Sends one GET through a sandbox's gateway, as the mobile app would; the edge's log tells where it went. */
export interface TraceCommand extends Base {
  type: 'trace';
  sandbox: SandboxRef;
  /** Gateway port on this agent's node. */
  port: number;
  /** With its query, from "/". */
  path: string;
  /** Sent as X-Request-Id. */
  requestId: string;
}

/** Checks the baselines of the catalogue as seen from this node. */
export interface DoctorCommand extends Base {
  type: 'doctor';
  baselines: { service: string; url: string; health?: string }[];
}

export type Command =
  | LoginCommand
  | BranchesCommand
  | FetchCommand
  | BuildCommand
  | NetworkCommand
  | RunCommand
  | StopCommand
  | RestartCommand
  | RemoveCommand
  | RoutesCommand
  | PruneCommand
  | TraceCommand
  | DoctorCommand;

export type CommandType = Command['type'];
export type CommandOf<T extends CommandType> = Extract<Command, { type: T }>;

export interface CommitInfo {
  commit: string;
  subject: string;
  author: string;
  authoredAt: string;
}

export interface BranchInfo extends CommitInfo {
  branch: string;
}

export interface BaselineCheck extends TargetCheck {
  service: string;
  url: string;
  /** Addresses that its name has on this node. */
  addresses: string[];
}

/** What each command answers. */
export interface CommandResultOf {
  login: { repository: string };
  branches: { branches: BranchInfo[]; fetchedAt?: string };
  fetch: CommitInfo & { branch: string };
  /** `cached`: the image was there already. */
  build: { image: string; imageId: string; cached: boolean };
  network: { id: string };
  run: { containerId: string };
  stop: Record<string, never>;
  restart: Record<string, never>;
  remove: Record<string, never>;
  routes: Record<string, never>;
  prune: { removedImages: string[]; releasedCommits?: number };
  /** No `status`: nothing answered, and `failure` says why. `location` is without its query. */
  trace: { status?: number; durationMs: number; location?: string; contentType?: string; failure?: string };
  /** `pool`: the node's network.pool, which none of the addresses may lie in. */
  doctor: { baselines: BaselineCheck[]; pool: string };
}
