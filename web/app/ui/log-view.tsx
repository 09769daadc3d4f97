/** A log that follows, pauses, finds: any length, few elements (failures 49 and 50). */
import { ArrowDown, ChevronDown, ChevronUp, Download, Pause, Play, Search } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { LogLine } from '#schema/records';
import { plainText } from '../model/ansi.ts';
import { rowsInSight } from '../model/window.ts';
import { CopyButton } from './copy-button.tsx';
import { cx } from './cx.ts';
import { LogRow, ROW_HEIGHT } from './log-row.tsx';

interface LogViewProps {
  lines: readonly LogLine[];
  /** Lines still come. */
  live: boolean;
  /** What there is already is being read. */
  loading?: boolean;
  /** Why it cannot be read. */
  problem?: string | undefined;
  /** Index of a line to show first, such as the first error. */
  focusIndex?: number | undefined;
  /** Name for downloads and screen readers. */
  name: string;
  className?: string;
}

/** Rows in the answer of the server: the tail, for browsers without JavaScript. */
const STATIC_ROWS = 200;
const useBrowserLayoutEffect = typeof window === 'undefined' ? useEffect : useLayoutEffect;

function asText(lines: readonly LogLine[]): string {
  return lines.map((line) => `${line.at} [${line.phase}] ${plainText(line.text)}\n`).join('');
}

function download(name: string, lines: readonly LogLine[]): void {
  const url = URL.createObjectURL(new Blob([asText(lines)], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.log`;
  link.click();
  URL.revokeObjectURL(url);
}

export function LogView({ lines, live, loading = false, problem, focusIndex, name, className }: LogViewProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<{ top: number; height: number }>();
  const [follow, setFollowState] = useState(true);
  // What was decided last counts at once: a render that is under way must not scroll to the end any more.
  const following = useRef(true);
  const [seen, setSeen] = useState(lines.length);
  const [input, setInput] = useState('');
  const [match, setMatch] = useState(0);
  const [target, setTarget] = useState<number>();
  const searchId = useId();
  const query = input.trim().toLowerCase();

  const matches = useMemo(() => {
    if (query === '') return [];
    return lines.flatMap((line, index) => (plainText(line.text).toLowerCase().includes(query) ? [index] : []));
  }, [lines, query]);

  const setFollow = (on: boolean): void => {
    following.current = on;
    setFollowState(on);
  };

  const show = (index: number): void => {
    const element = scroller.current;
    if (element === null) return;
    setFollow(false);
    setSeen(lines.length);
    element.scrollTop = Math.max(0, index * ROW_HEIGHT - element.clientHeight / 3);
  };

  useBrowserLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useBrowserLayoutEffect(() => {
    const element = scroller.current;
    if (!following.current || element === null) return;
    element.scrollTop = element.scrollHeight;
    setSeen(lines.length);
  }, [lines.length, follow, view?.height]);

  // A link to a line opens there, as soon as the line is.
  const wanted = useRef<number>();
  useEffect(() => {
    const read = (): void => {
      const hash = /^#L(\d+)$/.exec(location.hash)?.[1];
      wanted.current = hash === undefined ? undefined : Number(hash);
    };
    read();
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }, []);
  useEffect(() => {
    const line = wanted.current;
    if (line === undefined || line > lines.length) return;
    wanted.current = undefined;
    setTarget(line);
    show(line - 1);
  });

  // Once per failure: whoever scrolls on afterwards is left in peace.
  const shownFocus = useRef<number>();
  useEffect(() => {
    if (
      focusIndex === undefined ||
      shownFocus.current === focusIndex ||
      wanted.current !== undefined ||
      target !== undefined
    )
      return;
    shownFocus.current = focusIndex;
    show(focusIndex);
  });

  const step = (by: number): void => {
    if (matches.length === 0) return;
    const next = (match + by + matches.length) % matches.length;
    setMatch(next);
    const index = matches[next];
    if (index !== undefined) show(index);
  };

  const onSearchKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      event.preventDefault();
      step(event.shiftKey ? -1 : 1);
    }
    if (event.key === 'Escape') setInput('');
  };

  const { from, to } =
    view === undefined
      ? { from: Math.max(0, lines.length - STATIC_ROWS), to: lines.length }
      : rowsInSight(lines.length, ROW_HEIGHT, view.top, view.height);
  const unseen = lines.length - seen;
  const current = matches[Math.min(match, matches.length - 1)];

  return (
    <div className={cx('flex flex-col overflow-hidden rounded-lg border border-line bg-inset', className)}>
      <div className="flex items-center gap-1 border-b border-line px-2 py-1.5">
        <div className="needs-js flex min-w-0 flex-1 items-center gap-1.5">
          <Search aria-hidden className="ml-1 size-3.5 shrink-0 text-ink-3" />
          <label htmlFor={searchId} className="sr-only">
            Search in the log
          </label>
          <input
            id={searchId}
            type="search"
            value={input}
            placeholder="Search"
            onChange={(event) => {
              setInput(event.target.value);
              setMatch(-1);
            }}
            onKeyDown={onSearchKey}
            className="h-7 w-full max-w-56 min-w-0 rounded-md bg-transparent px-1.5 text-xs placeholder:text-ink-3"
          />
          {query !== '' && (
            <>
              <span role="status" className="num text-xs whitespace-nowrap text-ink-3">
                {matches.length === 0 ? 'no match' : `${Math.max(0, match) + 1} of ${matches.length}`}
              </span>
              <IconButton label="Previous match" icon={ChevronUp} onClick={() => step(-1)} />
              <IconButton label="Next match" icon={ChevronDown} onClick={() => step(1)} />
            </>
          )}
        </div>
        <span className="num hidden px-1 text-xs text-ink-3 sm:inline">{lines.length.toLocaleString('en')} lines</span>
        {live && (
          <button
            type="button"
            aria-pressed={follow}
            onClick={() => setFollow(!follow)}
            className="needs-js inline-flex h-7 items-center gap-1.5 rounded-md px-1.5 text-xs font-medium text-ink-2 hover:bg-hover hover:text-ink"
          >
            {follow ? <Pause aria-hidden className="size-3.5" /> : <Play aria-hidden className="size-3.5" />}
            {follow ? 'Pause' : 'Follow'}
          </button>
        )}
        <CopyButton text={() => asText(lines)} label="Copy the log" />
        <IconButton label="Download the log" icon={Download} onClick={() => download(name, lines)} />
      </div>
      <div className="relative min-h-0 flex-1">
        <div
          ref={scroller}
          role="log"
          aria-live="off"
          aria-label={`Log of ${name}`}
          tabIndex={0}
          onScroll={(event) => {
            const element = event.currentTarget;
            setView({ top: element.scrollTop, height: element.clientHeight });
            const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - ROW_HEIGHT;
            if (atEnd) setSeen(lines.length);
            if (atEnd !== follow) setFollow(atEnd);
          }}
          className="h-full overflow-auto overscroll-contain [overflow-anchor:none] font-mono text-xs leading-6 focus-visible:outline-offset-[-2px]"
        >
          {lines.length === 0 && (
            <p className="px-4 py-3 text-ink-3">
              {problem ??
                (loading ? 'Reading the log…' : live ? 'Waiting for the first line…' : 'This log has no lines.')}
            </p>
          )}
          <div
            className="w-max min-w-full py-1"
            style={{ paddingTop: from * ROW_HEIGHT + 4, paddingBottom: (lines.length - to) * ROW_HEIGHT + 4 }}
          >
            {lines.slice(from, to).map((line, offset) => (
              <LogRow
                key={line.line}
                line={line}
                query={query}
                marked={from + offset === current || from + offset === focusIndex || line.line === target}
                previousPhase={lines[from + offset - 1]?.phase}
              />
            ))}
          </div>
        </div>
        {!follow && unseen > 0 && (
          <button
            type="button"
            onClick={() => setFollow(true)}
            className="absolute bottom-3 left-1/2 inline-flex h-8 -translate-x-1/2 animate-rise items-center gap-1.5 rounded-full bg-accent-solid px-3 text-xs font-medium text-white shadow-pop hover:bg-accent-strong"
          >
            <ArrowDown aria-hidden className="size-3.5" />
            {unseen} new {unseen === 1 ? 'line' : 'lines'}
          </button>
        )}
      </div>
    </div>
  );
}

function IconButton({ label, icon: Icon, onClick }: { label: string; icon: typeof Search; onClick(): void }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className="needs-js grid size-7 shrink-0 place-items-center rounded-md text-ink-2 hover:bg-hover hover:text-ink"
    >
      <Icon aria-hidden className="size-3.5" />
    </button>
  );
}
