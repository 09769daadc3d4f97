/** Status of a sandbox: one shape for people, tests and clients. Written by the reconciler alone. */
import type { EdgeFault } from './wire/commands.ts';
import type { TargetCheck } from './wire/report.ts';
import type { DeploymentState, Health, Sync } from './states.ts';

export type ConditionStatus = 'True' | 'False' | 'Unknown';

/**
 * Types in use. `Ready`: everything wanted runs and is routed. `NeedsLogin`: a fetch waits for a
 * person's login (C6). `Blocked`: something that is not ours, or a full pool, is in the way.
 * `NodesReachable`: every node that this sandbox uses reports. `Failed`: a service gave up. `RoutesReachable`: what
 * requests are routed to answers. `Expiring`: nobody uses it, so that it is suspended soon, or was.
 */
export type ConditionType = 'Ready' | 'NeedsLogin' | 'Blocked' | 'NodesReachable' | 'Failed' | 'RoutesReachable' | 'Expiring';

export interface Condition {
  type: ConditionType;
  status: ConditionStatus;
  /** One CamelCase word for programs. */
  reason: string;
  /** A plain sentence for people, with what to do next where there is something to do. */
  message: string;
  lastTransitionTime: string;
}

export interface RouteStatus {
  /** `sandbox`, `ocp`, `url` or `other-sandbox`. */
  target: 'sandbox' | 'ocp' | 'url' | 'other-sandbox';
  /** Where requests end up, for people. */
  url: string;
  /** Why this target, in plain words. */
  reason: string;
  /** ISO 8601: since when it has been this target. */
  since?: string;
  /** Newest check from inside the sandbox's network; absent: not checked yet. */
  verified?: TargetCheck;
  /** What is done to some of its requests, and until when. */
  fault?: EdgeFault;
  /** Why the fault has no effect somewhere, and what to do. */
  faultProblem?: string;
}

/** How far the branch has moved on since the service's commit, as last seen. */
export interface Behind {
  /** Commits; absent when unknown. */
  count?: number;
  head: string;
  seenAt: string;
}

/** Where something is on its way: every state that is not a last one has this. */
export interface Progress {
  /** ISO 8601. */
  since: string;
  /** ISO 8601: when it ends at the latest; absent where it waits for people or for a report. */
  until?: string;
  /** What happens then, or what has to happen: a part of a sentence. */
  next: string;
}

/** Why it is not what it should be. */
export interface Explanation extends Progress {
  /** All of it in one sentence. */
  sentence: string;
  /** Reason of the condition Ready. */
  reason: string;
  /** The service that it is about, where it is one. */
  service?: string;
}

export interface ServiceStatus {
  /** Live state; may move back. Absent for a service that is left to OCP. */
  state?: DeploymentState;
  /** Why it is in that state, where there is something to say. */
  message?: string;
  /** Absent where it is as wanted. */
  progress?: Progress;
  node?: string;
  port?: number;
  /** The commit that runs, and the branch it came from. */
  commit?: string;
  branch?: string;
  /** First line of the commit's message. */
  subject?: string;
  /** The commit that is wanted, when another one runs. */
  wantedCommit?: string;
  behind?: Behind;
  image?: string;
  container?: string;
  /** Id of the newest deployment. */
  deployment?: string;
  restarts?: number;
  startedAt?: string;
  route?: RouteStatus;
}

export interface GatewayStatus extends ServiceStatus {
  /** What the mobile app is pointed at (F3). */
  url?: string;
}

export interface SandboxStatus {
  /** metadata.generation that this status speaks of. */
  observedGeneration: number;
  /** Highest resourceVersion of all documents that were read for it. */
  observedResourceVersion: number;
  sync: Sync;
  health: Health;
  /** Least advanced service: FAILED first, then QUEUED .. RUNNING; STOPPED only when all are. */
  operation: DeploymentState;
  conditions: Condition[];
  gateway?: GatewayStatus;
  services: Record<string, ServiceStatus>;
  /** Set while nobody uses it, as warned of. */
  expiry?: { state: 'warned' | 'expired'; expiresAt?: string; deletesAt?: string };
  /** Absent while the sandbox is Ready. */
  explanation?: Explanation;
  /** What happens next, or who has to do what. */
  nextAction?: string;
}
