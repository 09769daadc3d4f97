/** Something that people should know: what, why, what to do. */
import { CircleAlert, CircleCheck, CircleX, Info, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Problem } from '#schema/http';
import { cx } from './cx.ts';
import { TEXT_TONES, type Tone } from './tone.ts';

const ICONS: Record<Tone, LucideIcon> = {
  good: CircleCheck,
  warn: CircleAlert,
  bad: CircleX,
  busy: Info,
  quiet: Info,
  accent: Info,
};
const BOXES = {
  good: 'border-good/30 bg-good-soft',
  warn: 'border-warn/30 bg-warn-soft',
  bad: 'border-bad/30 bg-bad-soft',
  busy: 'border-busy/30 bg-busy-soft',
  quiet: 'border-line bg-inset',
  accent: 'border-accent/30 bg-accent-soft',
} as const satisfies Record<Tone, string>;

interface NoticeProps {
  tone: Tone;
  title?: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** Read out when it appears. */
  announce?: boolean;
}

export function Notice({ tone, title, children, actions, announce = false }: NoticeProps) {
  const Icon = ICONS[tone];
  return (
    <div
      role={announce ? 'alert' : undefined}
      className={cx('flex flex-wrap items-start gap-x-3 gap-y-2 rounded-lg border px-3.5 py-3', BOXES[tone])}
    >
      <Icon aria-hidden className={cx('mt-0.5 size-4 shrink-0', TEXT_TONES[tone])} />
      <div className="min-w-0 flex-1 space-y-0.5 break-words">
        {title !== undefined && <p className="font-medium text-ink">{title}</p>}
        {children !== undefined && <div className="text-ink-2">{children}</div>}
      </div>
      {actions}
    </div>
  );
}

/** A problem of the API, in full: headline, reason, hint, and each finding. */
export function ProblemNotice({ problem }: { problem: Problem }) {
  return (
    <Notice tone="bad" title={problem.title} announce>
      <p>{problem.message}</p>
      {problem.hint !== undefined && <p className="mt-1">{problem.hint}</p>}
    </Notice>
  );
}
