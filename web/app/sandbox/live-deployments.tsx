/** What is happening now: steps of each deployment under way, the log of the one in view. */
import { useMemo } from 'react';
import type { Deployment } from '#schema/records';
import { isTerminal } from '#schema/states';
import type { LiveState } from '../live/live-state.ts';
import type { DeploymentLog } from '../live/use-log.ts';
import { firstError } from '../model/log-buffer.ts';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { DeploymentPanel } from '../ui/deployment-panel.tsx';
import { LogView } from '../ui/log-view.tsx';

interface LiveDeploymentsProps {
  deployments: readonly Deployment[];
  events: LiveState['events'];
  opened: string | undefined;
  choose(id: string): void;
  log: DeploymentLog;
}

export function LiveDeployments({ deployments, events, opened, choose, log }: LiveDeploymentsProps) {
  const error = useMemo(() => firstError(log.lines), [log.lines]);
  if (deployments.length === 0) return null;
  const running = deployments.filter((one) => !isTerminal(one.state)).length;
  const failed = deployments.some((one) => one.state === 'FAILED');
  return (
    <Section
      id="live"
      title={running > 0 ? 'Happening now' : failed ? 'Needs attention' : 'Just finished'}
      aside={running > 1 ? <p className="text-xs text-ink-3">{running} deployments under way</p> : undefined}
    >
      <div className="space-y-3">
        {deployments.map((deployment) => (
          <DeploymentPanel
            key={deployment.id}
            deployment={deployment}
            events={events[deployment.id] ?? []}
            choose={
              opened === deployment.id ? undefined : (
                <Button type="button" look="ghost" size="sm" onClick={() => choose(deployment.id)} className="needs-js">
                  Show log
                </Button>
              )
            }
          >
            {opened === deployment.id && (
              <LogView
                lines={log.lines}
                live={!isTerminal(deployment.state)}
                loading={log.loading}
                problem={log.problem}
                focusIndex={deployment.state === 'FAILED' ? error : undefined}
                name={`${deployment.sandbox} ${deployment.service}`}
                className="h-72"
              />
            )}
          </DeploymentPanel>
        ))}
      </div>
    </Section>
  );
}
