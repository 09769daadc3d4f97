/** Events that people's clients get over `ws /api/v1/stream?since=SEQ` (E6). */
import type { Kind } from './documents.ts';
import type { DeploymentEvent, Deployment, LogLine } from './records.ts';
import type { NodeView, RequestView } from './http.ts';
import type { SandboxStatus } from './status.ts';

/** Path of the live stream. */
export const STREAM_PATH = '/api/v1/stream';

export type StreamEvent = {
  /** The stream's sequence, from 1, over one life of the server. */
  seq: number;
  at: string;
} & (
  | { type: 'document'; kind: Kind; name: string; slug: string; change: 'written' | 'deleted'; resourceVersion: number }
  | { type: 'status'; sandbox: string; slug: string; status: SandboxStatus }
  | { type: 'deployment'; deployment: Deployment }
  | { type: 'deployment-event'; sandbox: string; event: DeploymentEvent }
  | { type: 'log'; deploymentId: string; lines: LogLine[] }
  | { type: 'node'; node: NodeView }
  /** Oldest first; live only, never again for `since`. `left`: how many more there were than an event holds. */
  | { type: 'requests'; slug: string; requests: RequestView[]; left: number }
);

/**
 * What the server sends. `hello` comes first. `gap` says that events after `since` are gone:
 * read the state anew, then go on from `seq`.
 */
export type StreamMessage =
  | { type: 'hello'; seq: number; boot: string }
  | { type: 'gap'; seq: number }
  | { type: 'event'; event: StreamEvent };

/** Query parameters of the stream: all optional; logs come only for a named deployment. */
export interface StreamFilter {
  since?: number;
  /** `boot` of the earlier `hello`; another one means a gap. */
  boot?: string;
  /** Slug of one sandbox. */
  sandbox?: string;
  /** Id of a deployment whose log lines are wanted. */
  logs?: string;
  /** Also requests of the sandbox named above, as its edges see them. */
  requests?: boolean;
}
