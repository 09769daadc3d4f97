/** States and event names of the pipeline (E3, E4), and the axes of a sandbox's status. */

/** States of a deployment, least advanced first. The last three are terminal. */
export const DEPLOYMENT_STATES = [
  'QUEUED',
  'FETCHING',
  'CHECKOUT',
  'BUILDING',
  'CREATING_IMAGE',
  'STARTING_CONTAINER',
  'RUNNING',
  'FAILED',
  'STOPPED',
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

export const TERMINAL_STATES: ReadonlySet<DeploymentState> = new Set(['RUNNING', 'FAILED', 'STOPPED']);

export function isTerminal(state: DeploymentState): boolean {
  return TERMINAL_STATES.has(state);
}

/** How far a state is; of two observations of one deployment the later state is right. */
export function advance(state: DeploymentState): number {
  return DEPLOYMENT_STATES.indexOf(state);
}

export const PIPELINE_EVENTS = [
  'DEPLOY_QUEUED',
  'FETCH_STARTED',
  'FETCH_COMPLETED',
  'CHECKOUT_STARTED',
  'CHECKOUT_COMPLETED',
  'BUILD_STARTED',
  'BUILD_COMPLETED',
  'IMAGE_STARTED',
  'IMAGE_COMPLETED',
  'DEPLOY_STARTED',
  'HEALTH_CHECK_STARTED',
  'HEALTH_CHECK_PASSED',
  'SWITCH_COMPLETED',
  'DEPLOY_COMPLETED',
  'DEPLOY_FAILED',
  'DEPLOY_SUPERSEDED',
] as const;
export type PipelineEvent = (typeof PIPELINE_EVENTS)[number];

/** The deployment state that an event leads to, where it leads to one. */
export const STATE_AFTER_EVENT: Partial<Record<PipelineEvent, DeploymentState>> = {
  DEPLOY_QUEUED: 'QUEUED',
  FETCH_STARTED: 'FETCHING',
  CHECKOUT_STARTED: 'CHECKOUT',
  BUILD_STARTED: 'BUILDING',
  IMAGE_STARTED: 'CREATING_IMAGE',
  DEPLOY_STARTED: 'STARTING_CONTAINER',
  DEPLOY_COMPLETED: 'RUNNING',
  DEPLOY_FAILED: 'FAILED',
  DEPLOY_SUPERSEDED: 'STOPPED',
};

/** Phase that a log line belongs to; printed in brackets before it (E6). */
export const LOG_PHASES = ['FETCH', 'CHECKOUT', 'BUILD', 'IMAGE', 'DEPLOY', 'RUN'] as const;
export type LogPhase = (typeof LOG_PHASES)[number];

/** Does what runs equal what was asked for? */
export type Sync = 'Synced' | 'OutOfSync' | 'Unknown';
/** Is what runs well? */
export type Health = 'Healthy' | 'Progressing' | 'Degraded' | 'Unhealthy' | 'Suspended' | 'Unknown';

/** Actions on a whole sandbox. */
export const SANDBOX_ACTIONS = ['deploy', 'suspend', 'resume', 'clone', 'delete'] as const;
export type SandboxAction = (typeof SANDBOX_ACTIONS)[number];

/** Legal actions per health of a sandbox: API, CLI and UI all ask this table. */
export const SANDBOX_ACTIONS_BY_HEALTH = {
  Healthy: ['deploy', 'suspend', 'clone', 'delete'],
  Progressing: ['deploy', 'suspend', 'clone', 'delete'],
  Degraded: ['deploy', 'suspend', 'clone', 'delete'],
  Unhealthy: ['deploy', 'suspend', 'clone', 'delete'],
  Suspended: ['resume', 'clone', 'delete'],
  Unknown: ['deploy', 'suspend', 'resume', 'clone', 'delete'],
} as const satisfies Record<Health, readonly SandboxAction[]>;

export type NodeType = 'MICRO' | 'GATEWAY' | 'INFRA';
