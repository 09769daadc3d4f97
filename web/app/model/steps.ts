/** Steps of a deployment as people see them, from its record and its events (E3, E4). Pure. */
import type { Deployment, DeploymentEvent } from '#schema/records';
import type { DeploymentState, PipelineEvent } from '#schema/states';

export const STEP_KEYS = ['FETCH', 'CHECKOUT', 'BUILD', 'IMAGE', 'START'] as const;
export type StepKey = (typeof STEP_KEYS)[number];

/**
 * `skipped`: a later step began without it, such as a build whose image was there already.
 * `unreached`: the deployment ended before it.
 */
export type StepState = 'pending' | 'running' | 'done' | 'failed' | 'stopped' | 'skipped' | 'unreached';

export interface StepView {
  key: StepKey;
  label: string;
  state: StepState;
  startedAt?: string;
  /** Milliseconds, once it ended. */
  durationMs?: number;
}

interface StepDefinition {
  label: string;
  during: DeploymentState;
  begins: PipelineEvent;
  ends: PipelineEvent;
}

const DEFINITIONS: Record<StepKey, StepDefinition> = {
  FETCH: { label: 'Fetch', during: 'FETCHING', begins: 'FETCH_STARTED', ends: 'FETCH_COMPLETED' },
  CHECKOUT: { label: 'Checkout', during: 'CHECKOUT', begins: 'CHECKOUT_STARTED', ends: 'CHECKOUT_COMPLETED' },
  BUILD: { label: 'Build', during: 'BUILDING', begins: 'BUILD_STARTED', ends: 'BUILD_COMPLETED' },
  IMAGE: { label: 'Image', during: 'CREATING_IMAGE', begins: 'IMAGE_STARTED', ends: 'IMAGE_COMPLETED' },
  START: { label: 'Start', during: 'STARTING_CONTAINER', begins: 'DEPLOY_STARTED', ends: 'DEPLOY_COMPLETED' },
};

const ENDED: Partial<Record<DeploymentState, StepState>> = { RUNNING: 'done', FAILED: 'failed', STOPPED: 'stopped' };

function last(events: readonly DeploymentEvent[], event: PipelineEvent): DeploymentEvent | undefined {
  return events.findLast((candidate) => candidate.event === event);
}

/** A retry begins a step again: what was before its newest beginning is history. */
function timesOf(definition: StepDefinition, events: readonly DeploymentEvent[]) {
  const begun = last(events, definition.begins);
  const ended = last(events, definition.ends);
  return { begun, ended: begun !== undefined && ended !== undefined && ended.at < begun.at ? undefined : ended };
}

export function stepsOf(deployment: Deployment, events: readonly DeploymentEvent[]): StepView[] {
  const times = STEP_KEYS.map((key) => timesOf(DEFINITIONS[key], events));
  const current = STEP_KEYS.findIndex((key) => DEFINITIONS[key].during === deployment.state);
  const newest = Math.max(
    current,
    times.findLastIndex(({ begun, ended }) => begun !== undefined || ended !== undefined)
  );
  return STEP_KEYS.map((key, index) => {
    const { begun, ended } = times[index] ?? {};
    const state = stateOf(deployment, index, newest, begun !== undefined, ended !== undefined, events.length > 0);
    const step: StepView = { key, label: DEFINITIONS[key].label, state };
    if (begun !== undefined) step.startedAt = begun.at;
    const following = times.slice(index + 1).find((later) => later.begun !== undefined)?.begun?.at;
    const until = ended?.at ?? following ?? (state === 'running' ? undefined : deployment.completedAt);
    if (ended?.durationMs !== undefined) step.durationMs = ended.durationMs;
    else if (begun !== undefined && until !== undefined)
      step.durationMs = Math.max(0, Date.parse(until) - Date.parse(begun.at));
    return step;
  });
}

function stateOf(
  deployment: Deployment,
  index: number,
  newest: number,
  begun: boolean,
  ended: boolean,
  known: boolean
): StepState {
  if (ended) return 'done';
  if (index < newest) return begun || !known ? 'done' : 'skipped';
  if (index === newest) return ENDED[deployment.state] ?? 'running';
  if (deployment.state === 'RUNNING') return known ? 'skipped' : 'done';
  return deployment.state in ENDED ? 'unreached' : 'pending';
}
