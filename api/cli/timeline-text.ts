/** A timeline for a terminal: what changed since it worked first, then everything. */
import type { TimelineEntry, TimelineKind, TimelineView } from '#schema/http';
import { age, paint, terminalWidth, wrap } from './output.ts';

type Colour = Parameters<typeof paint>[0];
const COLOURS: Partial<Record<TimelineKind, Colour>> = {
  failed: 'red', lost: 'red', restarted: 'red', 'not-ready': 'yellow', ready: 'green', deployed: 'green', hold: 'dim',
};

const local = (iso: string): Date => new Date(iso);
const two = (value: number): string => String(value).padStart(2, '0');
const dayOf = (iso: string): string => `${local(iso).getFullYear()}-${two(local(iso).getMonth() + 1)}-${two(local(iso).getDate())}`;
const timeOf = (iso: string): string => `${two(local(iso).getHours())}:${two(local(iso).getMinutes())}:${two(local(iso).getSeconds())}`;

const KIND_WIDTH = 11;
/** `10:04:12  ` and the kind. */
const INDENT = ' '.repeat(10 + KIND_WIDTH + 2);

function entryLines(entry: TimelineEntry, width: number): string[] {
  const colour = COLOURS[entry.kind];
  const kind = entry.kind.padEnd(KIND_WIDTH);
  const by = entry.by === undefined ? '' : `${entry.by}: `;
  const room = Math.max(30, width - INDENT.length);
  const [first = '', ...rest] = wrap(`${by}${entry.title}`.replace(/\s+/g, ' ').trim(), room);
  const details = entry.details.flatMap((line) => wrap(line.replace(/\s+/g, ' '), room - 2).map((part, index) => `${index === 0 ? '' : '  '}${part}`));
  return [
    `${paint('dim', timeOf(entry.at))}  ${colour === undefined ? kind : paint(colour, kind)}  ${first}`,
    ...rest.map((line) => `${INDENT}${line}`),
    ...details.map((line) => paint('dim', `${INDENT}  ${line}`)),
  ];
}

function withDays(entries: readonly TimelineEntry[], width: number): string[] {
  let day = '';
  return entries.flatMap((entry) => {
    const own = dayOf(entry.at);
    const heading = own === day ? [] : [paint('bold', own)];
    day = own;
    return [...heading, ...entryLines(entry, width)];
  });
}

function headLines(name: string, { ready, worked, deletedAt }: TimelineView): string {
  if (deletedAt !== undefined) return `${name} was deleted on ${dayOf(deletedAt)} ${timeOf(deletedAt)}, ${age(deletedAt)} ago. \`sdp undelete sandbox/${name}\` brings it back.`;
  if (ready) return `${name} works${worked === undefined ? '' : `, since ${dayOf(worked.from)} ${timeOf(worked.from)}`}.`;
  if (worked?.until === undefined) return `${name} is not ready, and was not seen to work yet.`;
  return `${name} is not ready. It worked until ${dayOf(worked.until)} ${timeOf(worked.until)}, ${age(worked.until)} ago.`;
}

/** @param whole also everything else that happened */
export function timelineText(name: string, view: TimelineView, whole: boolean, width = terminalWidth()): string {
  const lines = [paint('bold', headLines(name, view))];
  if (view.changed !== undefined) {
    lines.push('', view.changed.length === 0 ? 'Nothing that people do changed since: look at what failed below.' : 'What changed since it worked, first things first:');
    lines.push(...withDays(view.changed, width));
  }
  if (!whole) return lines.join('\n');
  lines.push('', view.items.length === 0 ? 'Nothing happened in that time.' : 'What happened, newest first:');
  lines.push(...withDays(view.items, width));
  if (view.next !== undefined) lines.push(paint('dim', '… more with --limit, or --all'));
  return lines.join('\n');
}
