/** Services of a sandbox. A table where there is room, cards where there is none: one markup, by CSS. */
import { CornerDownRight, CloudCog } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ServiceRow } from '../model/service-rows.ts';
import { short } from '../model/time.ts';
import { CommitRef } from './commit-ref.tsx';
import { cx } from './cx.ts';
import { StateBadge } from './status-badges.tsx';

interface ServiceTableProps {
  rows: ServiceRow[];
  /** The control that flips the route of a row. */
  route(row: ServiceRow): ReactNode;
  /** Shown beneath a row, such as the question for a branch. */
  below(row: ServiceRow): ReactNode;
}

export function ServiceTable({ rows, route, below }: ServiceTableProps) {
  return (
    <div role="table" aria-label="Services" className="rounded-xl border border-line bg-surface shadow-card">
      <div role="rowgroup" className="hidden lg:block">
        <div role="row" className={cx(GRID, 'border-b border-line px-4 py-2 text-xs font-medium text-ink-3')}>
          {['Service', 'Version', 'State', 'Node', 'Route'].map((name) => (
            <span key={name} role="columnheader" className={name === 'Route' ? 'lg:text-right' : undefined}>
              {name}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="divide-y divide-line">
        {rows.map((row) => (
          <div key={row.name} role="presentation">
            <div role="row" className={cx(GRID, 'px-4 py-3')}>
              <div role="cell" className="flex min-w-0 items-center justify-between gap-3">
                <span className="truncate font-medium">{row.name}</span>
                <span className="lg:hidden">{row.status.state !== undefined && <StateBadge state={row.status.state} />}</span>
              </div>
              <div role="cell" className="min-w-0">
                <Version row={row} />
              </div>
              <div role="cell" className="hidden lg:block">
                {row.status.state === undefined ? <span className="text-ink-3">–</span> : <StateBadge state={row.status.state} />}
              </div>
              <div role="cell" className="min-w-0 truncate text-xs text-ink-2 max-lg:empty:hidden">
                {row.status.node === undefined ? <span className="text-ink-3 max-lg:hidden">–</span> : <Node row={row} />}
              </div>
              <div role="cell" className="lg:justify-self-end">
                {route(row)}
              </div>
            </div>
            <Notes row={row} />
            {below(row)}
          </div>
        ))}
      </div>
    </div>
  );
}

const GRID = 'grid gap-x-4 gap-y-2.5 lg:grid-cols-[minmax(7rem,1fr)_minmax(0,2.2fr)_8.5rem_minmax(0,8rem)_11.5rem] lg:items-center';

function Version({ row }: { row: ServiceRow }) {
  if (row.wanted === 'ocp') {
    return (
      <p className="flex items-center gap-1.5 text-xs text-ink-3">
        <CloudCog aria-hidden className="size-3.5 shrink-0" />
        Not run here: served by OCP
      </p>
    );
  }
  return (
    <>
      <CommitRef branch={row.branch} commit={row.commit} pinned={row.pinned} />
      {row.status.subject !== undefined && <p className="truncate text-xs text-ink-2">{row.status.subject}</p>}
    </>
  );
}

function Node({ row }: { row: ServiceRow }) {
  return (
    <>
      {row.status.node}
      {row.status.port !== undefined && <span className="num text-ink-3">:{row.status.port}</span>}
    </>
  );
}

/** What else there is to know of a service; most have nothing. */
function Notes({ row }: { row: ServiceRow }) {
  const { message, behind, wantedCommit, commit } = row.status;
  const notes = [
    message,
    wantedCommit !== undefined && wantedCommit !== commit ? `${short(wantedCommit)} is on its way; ${commit === undefined ? 'nothing runs yet' : `${short(commit)} runs until it is ready`}.` : undefined,
    behind !== undefined && (behind.count ?? 1) > 0
      ? `The branch has moved on${behind.count === undefined ? '' : ` by ${behind.count} ${behind.count === 1 ? 'commit' : 'commits'}`}: deploy to take ${short(behind.head)}.`
      : undefined,
    row.target === 'url' || row.target === 'other-sandbox' ? `Requests go to ${row.status.route?.url ?? 'another place'}.` : undefined,
    row.wanted !== 'ocp' && row.target === 'ocp' ? 'Runs here, while requests go to OCP.' : undefined,
  ].filter((note) => note !== undefined);
  if (notes.length === 0) return null;
  return (
    <ul className="space-y-1 px-4 pb-3 text-xs text-ink-2">
      {notes.map((note) => (
        <li key={note} className="flex items-start gap-1.5">
          <CornerDownRight aria-hidden className="mt-0.5 size-3 shrink-0 text-ink-3" />
          <span className="min-w-0 break-words">{note}</span>
        </li>
      ))}
    </ul>
  );
}
