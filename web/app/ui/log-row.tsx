import { memo } from 'react';
import type { LogLine } from '#schema/records';
import type { LogPhase } from '#schema/states';
import { AnsiText } from './ansi-text.tsx';
import { cx } from './cx.ts';

/** Pixels; all rows are equal, so that positions are arithmetic, and as high as a target for fingers has to be. */
export const ROW_HEIGHT = 24;

const PHASE_COLORS = {
  FETCH: 'text-ansi-4',
  CHECKOUT: 'text-ansi-6',
  BUILD: 'text-ansi-3',
  IMAGE: 'text-ansi-5',
  DEPLOY: 'text-ansi-2',
  RUN: 'text-ansi-7',
} as const satisfies Record<LogPhase, string>;

interface LogRowProps {
  line: LogLine;
  /** Lower case. */
  query: string;
  marked: boolean;
  previousPhase: LogPhase | undefined;
}

export const LogRow = memo(function LogRow({ line, query, marked, previousPhase }: LogRowProps) {
  return (
    <div className={cx('flex h-6 pr-4 whitespace-pre hover:bg-hover', marked && 'bg-accent-soft')}>
      <a
        href={`#L${line.line}`}
        aria-label={`Line ${line.line}`}
        title={line.at}
        className="num sticky left-0 w-10 shrink-0 bg-inset pr-2 sm:w-12 sm:pr-3 text-right text-ink-3 select-none hover:text-ink"
      >
        {line.line}
      </a>
      <span
        className={cx('w-[5rem] shrink-0', PHASE_COLORS[line.phase], previousPhase !== line.phase && 'font-semibold')}
      >
        [{line.phase}]
      </span>
      <span className="text-ink">
        <AnsiText text={line.text} query={query} />
      </span>
    </div>
  );
});
