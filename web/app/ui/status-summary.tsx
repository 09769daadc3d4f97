/** Three axes, each with its badge and a plain reason, and what happens next. */
import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SandboxStatus } from '#schema/status';
import { Card } from './card.tsx';
import { stateWord, HealthBadge, StateBadge, SyncBadge } from './status-badges.tsx';

function services(count: number): string {
  return count === 1 ? '1 service' : `${count} services`;
}

function healthReason(status: SandboxStatus): string {
  const ready = status.conditions.find((condition) => condition.type === 'Ready');
  const trouble = status.conditions.find(
    ({ type, status: is, message }) => (type === 'Failed' || type === 'Blocked') && is === 'True' && message !== ''
  );
  const telling = trouble ?? ready;
  if (telling !== undefined && telling.message !== '') return telling.message;
  return status.health === 'Healthy' ? 'Everything that is wanted runs and is routed.' : 'See the conditions below.';
}

function syncReason({ sync, services: all }: SandboxStatus): string {
  const waiting = Object.values(all).filter(
    (one) => one.wantedCommit !== undefined && one.wantedCommit !== one.commit
  ).length;
  if (sync === 'Synced') return 'What runs is what was asked for.';
  if (sync === 'Unknown') return 'A node does not report, so nobody can say.';
  return waiting > 0
    ? `${services(waiting)} ${waiting === 1 ? 'waits' : 'wait'} for another version.`
    : 'What runs differs from what was asked for.';
}

function operationReason({ operation, services: all, gateway }: SandboxStatus): string {
  const named = Object.entries(gateway === undefined ? all : { ...all, gateway }).filter(
    ([, one]) => one.state === operation
  );
  const names = named.map(([name]) => name).join(', ');
  if (operation === 'RUNNING') return `${names === '' ? 'Everything' : names} ${named.length === 1 ? 'is' : 'are'} up.`;
  return names === '' ? 'Nothing is under way.' : `${stateWord(operation)}: ${names}.`;
}

function Axis({ title, badge, children }: { title: string; badge: ReactNode; children: string }) {
  return (
    <div className="space-y-1.5 px-4 py-3.5">
      <div className="flex items-center justify-between gap-2 sm:flex-col sm:items-start sm:gap-1.5">
        <h3 className="text-xs font-medium text-ink-3">{title}</h3>
        {badge}
      </div>
      <p className="text-[13px] leading-snug break-words text-ink-2">{children}</p>
    </div>
  );
}

export function StatusSummary({ status, deleting }: { status: SandboxStatus | undefined; deleting: boolean }) {
  if (status === undefined) {
    return (
      <Card className="px-4 py-3.5">
        <p className="text-ink-2">
          {deleting ? 'It is being deleted.' : 'It was just saved. The first look at it is under way.'}
        </p>
      </Card>
    );
  }
  return (
    <Card className="overflow-hidden">
      <h2 className="sr-only">Status</h2>
      <div className="grid divide-y divide-line sm:grid-cols-3 sm:divide-x sm:divide-y-0">
        <Axis title="Health" badge={<HealthBadge health={status.health} />}>
          {healthReason(status)}
        </Axis>
        <Axis title="Sync" badge={<SyncBadge sync={status.sync} />}>
          {syncReason(status)}
        </Axis>
        <Axis title="Operation" badge={<StateBadge state={status.operation} axis="Operation" />}>
          {operationReason(status)}
        </Axis>
      </div>
      {status.nextAction !== undefined && (
        <p className="flex items-start gap-2 border-t border-line bg-inset px-4 py-2.5 text-[13px]">
          <ArrowRight aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />
          <span>
            <span className="font-medium">Next: </span>
            {status.nextAction}
          </span>
        </p>
      )}
    </Card>
  );
}
