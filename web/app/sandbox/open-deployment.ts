/** Which deployments are in sight on a sandbox's page, and whose log is open. */
import { useEffect, useState } from 'react';
import type { Deployment } from '#schema/records';
import { isTerminal } from '#schema/states';
import { runningDeployments, standingFailures } from '../live/live-state.ts';

/** Milliseconds that a deployment stays in sight after it succeeded, so that its end can be seen. */
const LINGER_MS = 15_000;

/** Under way, just finished, or failed and not yet replaced. Pure. */
export function deploymentsInSight(deployments: readonly Deployment[], now: number): Deployment[] {
  const finished = deployments.filter(
    (one) => one.state === 'RUNNING' && one.completedAt !== undefined && now - Date.parse(one.completedAt) < LINGER_MS
  );
  return [...runningDeployments(deployments), ...standingFailures(deployments), ...finished];
}

/** The open one stays open while it runs or has failed; then the next running one opens. Pure. */
export function pickOpen(shown: readonly Deployment[], current: string | undefined): string | undefined {
  const kept = shown.find((one) => one.id === current);
  if (kept !== undefined && (!isTerminal(kept.state) || kept.state === 'FAILED')) return kept.id;
  const working = shown.find((one) => !isTerminal(one.state) && one.state !== 'QUEUED');
  return (working ?? kept ?? shown[0])?.id;
}

export interface OpenDeployment {
  opened: string | undefined;
  choose(id: string): void;
  /** Call with what is in sight, at every render. */
  follow(shown: readonly Deployment[]): void;
}

export function useOpenDeployment(initial: readonly Deployment[]): OpenDeployment {
  const [opened, setOpened] = useState(() => pickOpen(initial, undefined));
  const [shown, follow] = useState(initial);
  useEffect(() => setOpened((current) => pickOpen(shown, current)), [shown]);
  return { opened, choose: setOpened, follow };
}
