/** A question before something that matters, in the page and in its address: Back leaves it. */
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export function ConfirmPanel({
  title,
  children,
  danger = false,
}: {
  title: string;
  children: ReactNode;
  danger?: boolean;
}) {
  return (
    <section
      aria-label={title}
      className={cx(
        'mb-6 animate-rise space-y-3 rounded-xl border p-4 shadow-card',
        danger ? 'border-bad/40 bg-bad-soft' : 'border-accent/40 bg-surface'
      )}
    >
      <h2 className="font-semibold">{title}</h2>
      {children}
    </section>
  );
}
