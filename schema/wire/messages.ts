/**
 * The session between agent and control plane: JSON text frames over the WebSocket that the agent opened
 * (`GET /api/v1/agent`, `Authorization: Bearer <node token>`). First the agent's `hello`, then `welcome`,
 * then a full report; afterwards deltas, results and journal entries one way, commands the other.
 */
import type { ErrorBody } from '../errors.ts';
import type { LogPhase, NodeType, PipelineEvent } from '../states.ts';
import type { Command, CommandResultOf, CommandType } from './commands.ts';
import type { NodeState, NodeStateDelta } from './report.ts';
import type { RequestsMessage } from './requests.ts';

/** Rises when a message changes its meaning. Sessions more than one apart are refused. */
export const PROTOCOL_VERSION = 1;
/** Path of the agents' WebSocket. */
export const AGENT_PATH = '/api/v1/agent';
/** Largest message in bytes, either way. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

export interface PortRanges {
  /** Inclusive. */
  gateway: { from: number; to: number };
  service: { from: number; to: number };
}

export interface EngineInfo {
  /** The engine's own id: several agents may share one engine. */
  id: string;
  version: string;
  apiVersion: string;
  cpus: number;
  memoryBytes: number;
}

export interface Hello {
  type: 'hello';
  protocol: number;
  node: { name: string; type: NodeType; address: string };
  /** New at every start of the agent; journal sequence numbers are scoped by it. */
  bootId: string;
  agentVersion: string;
  engine: EngineInfo;
  ports: PortRanges;
  network: { pool: string; prefix: number };
}

export interface Welcome {
  type: 'welcome';
  protocol: number;
  installation: string;
  /** Leader's epoch; commands with an older one are refused. */
  epoch: number;
  heartbeatSeconds: number;
  /** Shared by all edges of the installation; proves a hop between edges. */
  edgeSecret: string;
  /**
   * Whether this agent runs the edge of its engine. Agents may share an engine: the first by name among those
   * that are known when the engine appears gets it, and keeps it until it is forgotten.
   */
  edgeOwner: boolean;
}

/** The connection is refused, and this is why; the socket closes after it. */
export interface Refused {
  type: 'refused';
  error: ErrorBody;
}

export interface FullReport {
  type: 'report';
  /** Rises by one with every report and delta of this boot. */
  number: number;
  at: string;
  state: NodeState;
}

export interface DeltaReport {
  type: 'delta';
  number: number;
  at: string;
  delta: NodeStateDelta;
}

export interface Heartbeat {
  type: 'heartbeat';
  at: string;
}

export interface CommandMessage {
  type: 'command';
  command: Command;
}

export interface CancelMessage {
  type: 'cancel';
  commandId: string;
  reason: string;
}

export type CommandResult<T extends CommandType = CommandType> = {
  type: 'result';
  commandId: string;
  /** Number of the newest report sent before this result: what the command did is in it. */
  asOf: number;
} & ({ ok: true; command: T; value: CommandResultOf[T] } | { ok: false; command: T; error: ErrorBody });

/** One thing that happened, kept in the agent's journal until acknowledged. */
export type JournalEntry = {
  /** From 1, without gaps, per boot. */
  seq: number;
  at: string;
  deploymentId: string;
} & (
  | { kind: 'event'; event: PipelineEvent; message?: string; durationMs?: number; error?: ErrorBody }
  | { kind: 'log'; phase: LogPhase; text: string }
);

export interface JournalMessage {
  type: 'journal';
  bootId: string;
  entries: JournalEntry[];
}

/** The hub has stored every entry of this boot up to `seq`. */
export interface JournalAck {
  type: 'ack';
  bootId: string;
  seq: number;
}

export type AgentMessage = Hello | FullReport | DeltaReport | Heartbeat | CommandResult | JournalMessage | RequestsMessage;
export type ServerMessage = Welcome | Refused | CommandMessage | CancelMessage | JournalAck | Heartbeat;
