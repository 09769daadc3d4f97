/** One deployment under way: its steps, and its log where it is the one in view. */
import { Link } from '@remix-run/react';
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Deployment, DeploymentEvent } from '#schema/records';
import { stepsOf } from '../model/steps.ts';
import { Card } from './card.tsx';
import { CommitRef } from './commit-ref.tsx';
import { Elapsed } from './now.tsx';
import { StateBadge } from './status-badges.tsx';
import { StepStrip } from './step-strip.tsx';

interface DeploymentPanelProps {
  deployment: Deployment;
  events: readonly DeploymentEvent[];
  /** The log, where it is shown. */
  children?: ReactNode;
  /** Offered where the log is not shown. */
  choose?: ReactNode;
}

export function DeploymentPanel({ deployment, events, children, choose }: DeploymentPanelProps) {
  const open = deployment.completedAt === undefined;
  return (
    <article aria-label={`Deployment of ${deployment.service}`}>
      <Card className="animate-rise space-y-4 p-4">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <StateBadge state={deployment.state} />
          <Link
            to={`/deployments/${deployment.id}`}
            className="group inline-flex items-center gap-1 font-semibold hover:underline"
          >
            {deployment.service}
            <ChevronRight aria-hidden className="size-4 text-ink-3" />
          </Link>
          <CommitRef branch={deployment.branch} commit={deployment.commit} />
          <span className="ml-auto flex items-center gap-2 text-xs text-ink-3">
            {open && <Elapsed since={deployment.startedAt} />}
            {choose}
          </span>
        </div>
        <StepStrip steps={stepsOf(deployment, events)} />
        {deployment.message !== undefined && (
          <p className={deployment.state === 'FAILED' ? 'text-bad' : 'text-ink-2'}>{deployment.message}</p>
        )}
        {children}
      </Card>
    </article>
  );
}
