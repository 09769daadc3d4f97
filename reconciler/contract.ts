/** What the loop needs of the world, and what the world may ask of the loop. */
import type { Draft } from '#schema/documents';
import type { SdpError } from '#schema/errors';
import type { CancelView, PlanView, PruneView, RetryView, RouteView, VariablesView } from '#schema/http';
import type { Deployment, DeploymentEvent } from '#schema/records';
import type { SandboxStatus } from '#schema/status';
import type { Command, CommandOf, CommandResultOf, CommandType, Credentials } from '#schema/wire/commands';
import type { Hello } from '#schema/wire/messages';
import type { NodeState } from '#schema/wire/report';
import type { ExpiryDefaults } from './lifecycle/policy.ts';
import type { CarriedResolution } from '#specs/store';

/** A node as the hub knows it. `state` is the newest report; its age is part of the truth. */
export interface FleetNode {
  hello: Hello;
  /** Whether the session is live and its full report has arrived. */
  online: boolean;
  /** ISO time of the newest sign of life. */
  lastSeenAt: string;
  /** Absent until a first full report of this server's life. */
  state?: NodeState;
  /** Number of the newest report. */
  reportNumber: number;
}

/** The agents, as the loop sees them. Implemented by the hub. */
export interface Fleet {
  /** Sorted by name. */
  nodes(): readonly FleetNode[];
  /**
   * Sends a command and answers when its result is there.
   * @throws SdpError as the agent answered, `node_offline` when the session ends first, `deadline_exceeded`.
   */
  send<T extends CommandType>(node: string, command: CommandOf<T> & { type: T }): Promise<CommandResultOf[T]>;
  cancel(node: string, commandId: string, reason: string): void;
  /** Called with the sandbox uids that a report, a lost or a new session concerns, or `all`. Returns the unsubscriber. */
  onChange(listener: (uids: readonly string[] | 'all') => void): () => void;
}

/** Live logins of people, in memory only (C3, C4). */
export interface LoginVault {
  credentialsOf(username: string): Credentials | undefined;
}

/** What people see happen. Implemented by the stream. */
export interface Announcer {
  status(sandbox: string, slug: string, status: SandboxStatus): void;
  deployment(deployment: Deployment): void;
  deploymentEvent(sandbox: string, event: DeploymentEvent): void;
  /** A line for a deployment's log that comes from the control plane itself. */
  log(deploymentId: string, phase: 'FETCH' | 'DEPLOY', text: string): void;
}

export interface Clock {
  now(): number;
}

/** Installation's defaults for what a sandbox leaves out. */
export interface Defaults {
  gateway: { repository: string; branch: string };
  startSeconds: number;
  drainSeconds: number;
  /** For which a deleted document can be restored. */
  retentionDays: number;
  /** Left out: nothing expires. */
  expiry?: ExpiryDefaults;
}

export interface Reconciler {
  /** Starts watching; every known sandbox is looked at once. */
  start(): Promise<void>;
  /** Lets running passes end; sends nothing more. */
  stop(): Promise<void>;
  /** Look at this sandbox soon. */
  enqueue(uid: string): void;
  /** A journal event of an agent: stores and announces it, and moves its deployment's state. */
  onPipelineEvent(event: DeploymentEvent): Promise<void>;
  /**
   * The plan that these drafts would lead to for one sandbox (slug), without writing.
   * @param carried what the write of that sandbox would carry: commits of a rollback, requests of `deploy`
   */
  preview(
    drafts: readonly Draft[],
    sandboxSlug: string,
    user: string,
    carried?: readonly CarriedResolution[],
  ): Promise<PlanView>;
  /** How each service of a sandbox is reached now, and why. */
  routes(sandboxSlug: string): Promise<RouteView[]>;
  /** Has every node remove images and release commits that neither a sandbox nor a snapshot needs. One answer per node. */
  prune(): Promise<PruneView[]>;
  /**
   * What a service's container is given, and where each value comes from.
   * @throws SdpError not_found for a service that does not run there
   */
  variables(sandboxSlug: string, service: string): Promise<VariablesView>;
  /** Restart, as a person asks for it: not a change of desired state. */
  restart(sandboxSlug: string, service: string): Promise<void>;
  /**
   * Ends the deployments under way, of one service or of all; what runs goes on running.
   * @throws SdpError not_found, conflict when nothing is under way
   */
  cancel(sandboxSlug: string, service: string | undefined, user: string): Promise<CancelView>;
  /** Tries again at once what failed or was cancelled. @throws SdpError not_found, conflict when nothing was */
  retry(sandboxSlug: string, service: string | undefined): Promise<RetryView>;
}

/** Outcome of one pass over a key: the whole retry policy. */
export type Outcome =
  | { kind: 'done' }
  | { kind: 'requeue'; afterMs: number }
  | { kind: 'retry'; error: unknown }
  | { kind: 'terminal'; error: SdpError };

export type AnyCommand = Command;
