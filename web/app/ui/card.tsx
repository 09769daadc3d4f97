import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export function Card({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cx('rounded-xl border border-line bg-surface shadow-card', className)}>{children}</div>;
}

interface SectionProps {
  title: string;
  /** Beside the title: a count or a word. */
  aside?: ReactNode;
  children: ReactNode;
  id: string;
}

export function Section({ title, aside, children, id }: SectionProps) {
  return (
    <section aria-labelledby={id} className="space-y-3">
      <div className="flex min-h-7 flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <h2 id={id} className="text-sm font-semibold text-ink">
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
