/** Deployments, newest first: what, by whom, how it ended, how long it took. */
import { Link } from '@remix-run/react';
import type { Deployment } from '#schema/records';
import { duration } from '../model/time.ts';
import { CommitRef } from './commit-ref.tsx';
import { Ago, Elapsed } from './now.tsx';
import { StateBadge } from './status-badges.tsx';

function Took({ deployment }: { deployment: Deployment }) {
  if (deployment.completedAt === undefined) return <Elapsed since={deployment.startedAt} />;
  return <span className="num">{duration(Date.parse(deployment.completedAt) - Date.parse(deployment.startedAt))}</span>;
}

export function DeploymentList({
  deployments,
  withSandbox = false,
}: {
  deployments: readonly Deployment[];
  withSandbox?: boolean;
}) {
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface shadow-card">
      {deployments.map((deployment) => (
        <li
          key={deployment.id}
          className="relative grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 px-4 py-2.5 hover:bg-hover sm:grid-cols-[9rem_minmax(0,1fr)_auto]"
        >
          <div>
            <StateBadge state={deployment.state} />
          </div>
          <div className="order-3 col-span-2 min-w-0 sm:order-none sm:col-span-1">
            <p className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-0.5">
              <Link
                to={`/deployments/${deployment.id}`}
                className="font-medium after:absolute after:inset-0 hover:underline"
              >
                {withSandbox && <span className="text-ink-2">{deployment.sandbox} / </span>}
                {deployment.service}
              </Link>
              <CommitRef branch={deployment.branch} commit={deployment.commit} />
            </p>
            {deployment.state !== 'RUNNING' && deployment.message !== undefined && (
              <p className="truncate text-xs text-ink-2">{deployment.message}</p>
            )}
          </div>
          <p className="flex items-center justify-end gap-x-3 text-xs text-ink-3">
            <span className="hidden sm:inline">{deployment.user}</span>
            <Ago at={deployment.startedAt} />
            <span className="num min-w-12 text-right text-ink-2">
              <span className="sr-only">took </span>
              <Took deployment={deployment} />
            </span>
          </p>
        </li>
      ))}
    </ul>
  );
}
