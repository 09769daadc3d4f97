/** When a sandbox last worked, and what changed since. Pure. */
import type { TimelineEntry, TimelineView } from '#schema/http';
import type { Transition } from '#schema/records';

/** Milliseconds that a sandbox has to be Ready to have worked: one that falls over at once never did. */
const WORKED_MS = 60_000;
/** What is done by hand is written down before it shows, in milliseconds. */
const BEFORE_MS = 10_000;

export interface Worked {
  from: string;
  until?: string;
  /** resourceVersion of the last documents that it worked with; what is newer came after. */
  observedVersion: number;
}

/** @param transitions newest first, of kind `ready` among others. @param now milliseconds */
export function lastWorked(transitions: readonly Transition[], now: number): Worked | undefined {
  const changes = transitions.filter(({ kind }) => kind === 'ready');
  const times: Worked[] = [];
  let ended: Transition | undefined;
  for (const change of changes) {
    if (change.status === 'True') times.push({ from: change.at, ...(ended === undefined ? {} : { until: ended.at }), observedVersion: ended?.observedVersion ?? change.observedVersion });
    ended = change.status === 'True' ? undefined : change;
  }
  const lasted = ({ from, until }: Worked): number => (until === undefined ? now : Date.parse(until)) - Date.parse(from);
  return times.find((time) => time.until === undefined || lasted(time) >= WORKED_MS) ?? times[0];
}

/** Causes that came after it worked, nearest to its end first: oldest first, as the first thing that broke it is asked for. */
export function changedSince(entries: readonly TimelineEntry[], worked: Worked): TimelineEntry[] {
  const { until, observedVersion } = worked;
  if (until === undefined) return [];
  const causes = entries.filter(({ cause }) => cause);
  const documents = causes.filter(({ resourceVersion }) => (resourceVersion ?? 0) > observedVersion);
  const begin = Math.min(Date.parse(until) - BEFORE_MS, ...documents.map(({ at }) => Date.parse(at)));
  const others = causes.filter(({ resourceVersion, at }) => resourceVersion === undefined && Date.parse(at) >= begin);
  return [...documents, ...others].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

export const workedView = ({ from, until }: Worked): NonNullable<TimelineView['worked']> => ({ from, ...(until === undefined ? {} : { until }) });
