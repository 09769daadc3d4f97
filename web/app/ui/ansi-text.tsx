/** A log line's text: colours as elements, matches marked, markup stays text. */
import { memo } from 'react';
import { segmentsOf, type Segment } from '../model/ansi.ts';
import { cx } from './cx.ts';

const COLORS = [
  'text-ansi-0',
  'text-ansi-1',
  'text-ansi-2',
  'text-ansi-3',
  'text-ansi-4',
  'text-ansi-5',
  'text-ansi-6',
  'text-ansi-7',
];

function Marked({ text, query }: { text: string; query: string }) {
  if (query === '') return <>{text}</>;
  const lower = text.toLowerCase();
  const parts = [];
  let from = 0;
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, from)) {
    parts.push(
      text.slice(from, at),
      <mark key={at} className="rounded-xs bg-mark text-ink">
        {text.slice(at, at + query.length)}
      </mark>
    );
    from = at + query.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}

function classOf({ color, bold, dim, underline }: Segment): string | undefined {
  const name = cx(
    color !== undefined && COLORS[color],
    bold && 'font-bold',
    dim && 'text-ink-3',
    underline && 'underline'
  );
  return name === '' ? undefined : name;
}

/** @param query lower case */
export const AnsiText = memo(function AnsiText({ text, query }: { text: string; query: string }) {
  return (
    <>
      {segmentsOf(text).map((segment, index) => (
        <span key={index} className={classOf(segment)}>
          <Marked text={segment.text} query={query} />
        </span>
      ))}
    </>
  );
});
