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
