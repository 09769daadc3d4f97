/** Records beside the documents: deployments, events, resolutions, allocations, audit (D7-D9). */
import type { ErrorBody } from './errors.ts';
import type { DeploymentState, LogPhase, PipelineEvent } from './states.ts';

/** Write-once: which commit a branch meant when somebody asked (DESIGN 3). */
export interface Resolution {
  sandboxUid: string;
  /** metadata.generation for which it was resolved. */
  generation: number;
  service: string;
  repository: string;
  /** The branch that was asked for; empty when a commit was given. */
  branch: string;
  commit: string;
  subject: string;
  author: string;
  authoredAt: string;
  resolvedAt: string;
  resolvedBy: string;
}

/** One rollout of one service (D7). */
export interface Deployment {
  id: string;
  sandboxUid: string;
  sandbox: string;
  service: string;
  repository: string;
  branch: string;
  commit?: string;
  node?: string;
  user: string;
  generation: number;
  /** Desired hash that it leads to, once known. */
  hash?: string;
  state: DeploymentState;
  /** Why it ended as it did: `Superseded`, `Cancelled`, an error code. */
  reason?: string;
  message?: string;
  startedAt: string;
  completedAt?: string;
}

/** Something that happened during a deployment (E4). */
export interface DeploymentEvent {
  deploymentId: string;
  event: PipelineEvent;
  at: string;
  node?: string;
  message?: string;
  /** Milliseconds that the finished phase took. */
  durationMs?: number;
  error?: ErrorBody;
}

/** One line of a deployment's log. */
export interface LogLine {
  /** Place in this log, from 1, without gaps. */
  line: number;
  at: string;
  phase: LogPhase;
  text: string;
}

export interface PortAllocation {
  engine: string;
  port: number;
  kind: 'gateway' | 'service';
  sandboxUid: string;
  sandbox: string;
  service: string;
  allocatedAt: string;
}

/** A person's own gateway port, which leads to the sandbox that they use. Kept until they give it up. */
export interface PersonalPort {
  user: string;
  engine: string;
  port: number;
  /** Of a sandbox that may be gone by now. */
  sandboxUid: string;
  /** The sandbox that it led to before, which keeps the port until the new one's routes are in force. */
  formerUid?: string;
  allocatedAt: string;
}

export interface SubnetAllocation {
  engine: string;
  /** CIDR. */
  subnet: string;
  sandboxUid: string;
  sandbox: string;
  allocatedAt: string;
}

/** Something that became of a sandbox by itself: not asked for, but observed. Kept beside the newest status. */
export interface Transition {
  /** In the order in which they were seen. */
  seq: number;
  sandboxUid: string;
  at: string;
  /** `ready`: the condition Ready changed. `restarted`: the engine restarted a container. `lost`: a container ran and does not. */
  kind: 'ready' | 'restarted' | 'lost';
  /** Absent for `ready`. */
  service?: string;
  /** Of Ready; else the service's state. */
  status: string;
  reason: string;
  message: string;
  /** Generation that the status spoke of. */
  generation: number;
  /**
   * Highest resourceVersion of the documents that were read; where Ready ends, of the last status in which it was True:
   * what is newer came after it worked.
   */
  observedVersion: number;
}

/** Which entries of the audit; all that are given must hold. */
export interface AuditFilter {
  sandbox?: string;
  user?: string;
  /** Whole, such as `route.set`, or everything before a dot, such as `route`. */
  action?: string;
  environment?: string;
  outcome?: AuditEntry['outcome'];
  /** ISO 8601: not before. */
  since?: string;
  /** ISO 8601: before. */
  until?: string;
  /** Id: only older ones. */
  before?: number;
  /** Id: only newer ones. */
  after?: number;
  /** Newest first by default. */
  oldestFirst?: boolean;
  limit?: number;
}

/** Who did what, when, to what, with what outcome (D8). */
export interface AuditEntry {
  id: number;
  at: string;
  user: string;
  /** Such as `sandbox.apply`, `route.set`, `login`. */
  action: string;
  sandbox?: string;
  service?: string;
  repository?: string;
  branch?: string;
  environment?: string;
  outcome: 'ok' | 'refused' | 'failed';
  message?: string;
}

export type ActivityKind = 'edit' | 'deployment' | 'request';

/**
 * How long nobody has used a sandbox. Times are counted while SDP watches (its clock steady, the nodes that see requests
 * reporting), never concluded from two dates: a clock that jumps or a silent node makes nothing look idle.
 */
export interface Lifecycle {
  sandboxUid: string;
  /** Milliseconds watched without activity. */
  idleMs: number;
  /** Milliseconds watched since people were warned; absent: nobody was. */
  warnedMs?: number;
  /** Milliseconds watched since it expired; absent: it has not. */
  expiredMs?: number;
  /** Milliseconds for which it neither expires nor is deleted, whatever else counts: what `extend` gave. */
  extendedMs: number;
  /** ISO 8601: when this was counted last. */
  countedAt: string;
  /** ISO 8601: the newest activity. */
  activeAt: string;
  activeBy: ActivityKind;
  /** What was seen of edits and deployments then; another value is activity. */
  seen: string;
  /** Who keeps it: it never expires. */
  keptBy?: string;
  /** ISO 8601. */
  keptAt?: string;
}

/** Why nothing new is placed on a node. It lasts over restarts of the agent and the server, until it is taken back. */
export interface Cordon {
  by: string;
  /** ISO 8601. */
  at: string;
  reason?: string;
  /** What runs there moves away, too. */
  drain: boolean;
}
