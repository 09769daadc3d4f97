/** Sandboxes at a glance: how they are, whose they are, where they answer, what goes where. */
import { Link } from '@remix-run/react';
import { CalendarClock, Smartphone, User } from 'lucide-react';
import type { StoredDocument } from '#schema/documents';
import { serviceRows } from '../model/service-rows.ts';
import { CopyButton } from './copy-button.tsx';
import { Ago } from './now.tsx';
import { RouteChip } from './route-chip.tsx';
import { HealthBadge, StateBadge, SyncBadge } from './status-badges.tsx';

export function SandboxList({ sandboxes }: { sandboxes: StoredDocument<'Sandbox'>[] }) {
  return (
    <ul className="space-y-3">
      {sandboxes.map((sandbox) => (
        <li key={sandbox.metadata.uid}>
          <SandboxCard sandbox={sandbox} />
        </li>
      ))}
    </ul>
  );
}

function SandboxCard({ sandbox: { metadata, spec, status } }: { sandbox: StoredDocument<'Sandbox'> }) {
  const url = status?.gateway?.url;
  return (
    <article className="group relative rounded-xl border border-line bg-surface px-4 py-4 shadow-card transition-colors hover:border-line-strong sm:px-5">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="min-w-0 text-[15px] font-semibold tracking-tight">
          <Link
            to={`/sandboxes/${metadata.slug}`}
            className="break-words after:absolute after:inset-0 after:rounded-xl group-hover:text-accent"
          >
            {metadata.name}
          </Link>
          {metadata.deletedAt !== undefined && <span className="ml-2 text-xs font-normal text-bad">being deleted</span>}
        </h2>
        <div className="flex flex-wrap gap-1.5">
          <HealthBadge health={status?.health ?? 'Unknown'} />
          <SyncBadge sync={status?.sync ?? 'Unknown'} />
          <StateBadge state={status?.operation ?? 'QUEUED'} axis="Operation" />
        </div>
      </div>
      {spec.description !== undefined && <p className="mt-1 line-clamp-2 text-ink-2">{spec.description}</p>}
      <div className="mt-3 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <ul className="flex flex-wrap gap-1.5" aria-label="Routes">
          {serviceRows(spec, status).map((row) => (
            <li key={row.name}>
              <RouteChip service={row.name} target={row.target} />
            </li>
          ))}
        </ul>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-3">
          <span className="inline-flex items-center gap-1.5">
            <User aria-hidden className="size-3.5" />
            <span className="sr-only">Owner </span>
            {metadata.createdBy}
          </span>
          {spec.expireAfter !== undefined && (
            <span className="inline-flex items-center gap-1.5" title="Expires when it is not used for this long">
              <CalendarClock aria-hidden className="size-3.5" />
              {spec.expireAfter}
            </span>
          )}
          <Ago at={metadata.updatedAt} />
          {url !== undefined && (
            <span className="relative inline-flex items-center gap-1">
              <Smartphone aria-hidden className="size-3.5" />
              <a href={url} className="rounded font-mono text-ink-2 hover:text-accent hover:underline">
                {url.replace(/^https?:\/\//, '')}
              </a>
              <CopyButton text={url} label={`Copy the gateway address of ${metadata.name}`} />
            </span>
          )}
        </div>
      </div>
    </article>
  );
}
