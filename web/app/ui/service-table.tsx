/** Services of a sandbox. A table where there is room, cards where there is none: one list, laid out by CSS. */
import { CornerDownRight, CloudCog } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ServiceRow } from '../model/service-rows.ts';
import { short } from '../model/time.ts';
import { CommitRef } from './commit-ref.tsx';
import { cx } from './cx.ts';
import { RouteFacts } from './route-facts.tsx';
import { StateBadge } from './status-badges.tsx';

interface ServiceTableProps {
  rows: ServiceRow[];
  /** The control that flips the route of a row. */
  route(row: ServiceRow): ReactNode;
  /** What else can be done with a row. */
  menu(row: ServiceRow): ReactNode;
  /** Shown beneath a row, such as the question for a branch. */
  below(row: ServiceRow): ReactNode;
}

export function ServiceTable({ rows, route, menu, below }: ServiceTableProps) {
  return (
    <div className="rounded-xl border border-line bg-surface shadow-card">
      <div
        aria-hidden
        className={cx(GRID, 'border-b border-line px-4 py-2 text-xs font-medium text-ink-3 max-lg:hidden')}
      >
        {['Service', 'Version', 'State', 'Node', 'Route'].map((name) => (
          <span key={name} className={name === 'Route' ? 'pr-11 text-right' : undefined}>
            {name}
          </span>
        ))}
      </div>
      <ul aria-label="Services" className="divide-y divide-line">
        {rows.map((row) => (
          <li key={row.name}>
            <div className={cx(GRID, 'px-4 py-3')}>
              <div className="flex min-w-0 items-center justify-between gap-3">
                <h3 className="truncate font-medium">{row.name}</h3>
                <span className="lg:hidden">
                  {row.status.state !== undefined && <StateBadge state={row.status.state} />}
                </span>
              </div>
              <div className="min-w-0">
                <Version row={row} />
              </div>
              <div className="max-lg:hidden">
                {row.status.state === undefined ? <Nothing /> : <StateBadge state={row.status.state} />}
              </div>
              <div
                className={cx('min-w-0 truncate text-xs text-ink-2', row.status.node === undefined && 'max-lg:hidden')}
              >
                {row.status.node === undefined ? <Nothing /> : <Node row={row} />}
              </div>
              <div className="flex items-center justify-between gap-2 lg:justify-end">
                {route(row)}
                {menu(row)}
              </div>
            </div>
            <Notes row={row} />
            <RouteFacts route={row.status.route} />
            {below(row)}
          </li>
        ))}
      </ul>
    </div>
  );
}

const Nothing = () => (
  <span aria-hidden className="text-ink-3">
    –
  </span>
);

const GRID =
  'grid gap-x-4 gap-y-2.5 lg:grid-cols-[minmax(7rem,1fr)_minmax(0,2.2fr)_8.5rem_minmax(0,8rem)_14rem] lg:items-center';

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
      <span className="sr-only">on </span>
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
    wantedCommit !== undefined && wantedCommit !== commit
      ? `${short(wantedCommit)} is on its way; ${
          commit === undefined ? 'nothing runs yet' : `${short(commit)} runs until it is ready`
        }.`
      : undefined,
    behind !== undefined && (behind.count ?? 1) > 0
      ? `The branch has moved on${
          behind.count === undefined ? '' : ` by ${behind.count} ${behind.count === 1 ? 'commit' : 'commits'}`
        }: deploy to take ${short(behind.head)}.`
      : undefined,
    row.target === 'url' || row.target === 'other-sandbox'
      ? `Requests go to ${row.status.route?.url ?? 'another place'}.`
      : undefined,
    row.wanted !== 'ocp' && row.target === 'ocp' ? 'Runs here, while requests go to OCP.' : undefined,
  ].filter((note) => note !== undefined);
  if (notes.length === 0) return null;
  return (
    <ul className="space-y-1 px-4 pb-3 text-xs text-ink-2">
      {notes.map((note) => (
        <li key={note} className="flex items-start gap-1.5">
          <CornerDownRight aria-hidden className="mt-0.5 size-3 shrink-0 text-ink-3" />
          <span className="block min-w-0 break-words">{note}</span>
        </li>
      ))}
    </ul>
  );
}
