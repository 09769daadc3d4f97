/** Icon, word and colour: no state is told by colour alone (failure 55). */
import type { LucideIcon } from 'lucide-react';
import { cx } from './cx.ts';
import { TONES, type Tone } from './tone.ts';

interface BadgeProps {
  tone: Tone;
  icon: LucideIcon;
  children: string;
  /** The icon turns while something happens. */
  spin?: boolean;
  /** Which axis this is of, for screen readers. */
  axis?: string;
  title?: string | undefined;
}

export function Badge({ tone, icon: Icon, children, spin = false, axis, title }: BadgeProps) {
  return (
    <span
      title={title}
      className={cx(
        'inline-flex h-6 items-center gap-1.5 rounded-full px-2 text-xs font-medium whitespace-nowrap',
        TONES[tone]
      )}
    >
      <Icon aria-hidden className={cx('size-3.5 shrink-0', spin && 'animate-spin-slow')} strokeWidth={2.25} />
      {axis !== undefined && <span className="sr-only">{axis}: </span>}
      {children}
    </span>
  );
}
