/** What an agent sees on its node. A list that could not be read is never sent as empty: the report waits. */

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead' | 'removing';

/** A container of ours (installation and node labels match), or a foreign one under a name of ours. */
export interface ObservedContainer {
  id: string;
  /** Without the leading slash. */
  name: string;
  state: ContainerState;
  /** Not made by this installation: never touched. The fields below are then absent. */
  foreign?: true;
  node?: string;
  sandboxUid?: string;
  service?: string;
  hash?: string;
  commit?: string;
  branch?: string;
  image?: string;
  deployment?: string;
  /** Address in its sandbox's network while it runs. */
  address?: string;
  startedAt?: string;
  exitCode?: number;
  /** Restarts by the engine. */
  restarts?: number;
  /** Last lines of its output when it is not running; at most 2 KiB. */
  lastOutput?: string;
  /**
   * Result of the agent's newest health check: `starting` until the first pass,
   * `unknown` when it could not be made.
   */
  health?: 'starting' | 'healthy' | 'unhealthy' | 'unknown';
}

export interface ObservedNetwork {
  id: string;
  name: string;
  foreign?: true;
  sandboxUid?: string;
  /** CIDR. */
  subnet?: string;
}

export interface ObservedImage {
  /** `sdp/{repository}:{commit}-{build hash}` or the name of a base image. */
  ref: string;
  id: string;
}

export interface ObservedRepository {
  name: string;
  path: string;
  kind: 'go' | 'dockerfile' | 'copy';
  /** Origin without user info; absent when it could not be read. */
  url?: string;
  /** Hash over build configuration, toolchain and base image: part of every image's name. */
  buildHash: string;
  /** Why it cannot be used or built from now, in plain words, such as a missing base image. */
  problem?: string;
}

/** How far a check of a target came: the last step is the whole way. */
export type CheckStep = 'resolve' | 'connect' | 'certificate' | 'answer';

/** Whether a target can be reached, and where the way ends if not. */
export interface TargetCheck {
  ok: boolean;
  /** ISO 8601. */
  at: string;
  /** The step that failed; `answer` when all is well. */
  step: CheckStep;
  /** In plain words, with what to do where it failed. */
  message: string;
  /** HTTP status of the answer, where there was one. */
  status?: number;
  durationMs: number;
}

export interface ObservedEdge {
  /** This agent runs the edge of its engine (the first agent by name on that engine). */
  owner: boolean;
  state: 'ready' | 'starting' | 'failed';
  message?: string;
  /** Hash of the routes in force, by sandbox uid. */
  routes: Record<string, string>;
  /** Services that are routed to a container which the edge cannot reach now, by sandbox uid; none are left out. */
  waiting?: Record<string, string[]>;
  /** Newest check of each routed target from inside, by sandbox uid and service. */
  checks?: Record<string, Record<string, TargetCheck>>;
  /** Its HAProxy was built without Lua: faults of the kind delay pass requests on at once. */
  cannotDelay?: true;
  /** Port that serves all sandboxes by name; absent: none. */
  sharedPort?: number;
  /** Ports of the node's ranges that foreign processes hold. */
  foreignPorts: number[];
}

export interface NodeState {
  repositories: ObservedRepository[];
  containers: ObservedContainer[];
  networks: ObservedNetwork[];
  images: ObservedImage[];
  edge: ObservedEdge;
  memoryFreeBytes: number;
  diskFreeBytes: number;
}

/** Changes since the report before. Lists replace wholly where given. */
export interface NodeStateDelta {
  containers?: { upsert: ObservedContainer[]; remove: string[] };
  networks?: ObservedNetwork[];
  images?: ObservedImage[];
  repositories?: ObservedRepository[];
  edge?: ObservedEdge;
}
