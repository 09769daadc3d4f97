import { LoaderCircle, type LucideIcon } from 'lucide-react';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { cx } from './cx.ts';

export type ButtonLook = 'primary' | 'plain' | 'ghost' | 'danger';

const LOOKS = {
  primary: 'bg-accent-solid text-white shadow-card hover:bg-accent-strong',
  plain: 'border border-line-strong bg-surface text-ink shadow-card hover:bg-hover',
  ghost: 'text-ink-2 hover:bg-hover hover:text-ink',
  danger: 'bg-bad-solid text-white shadow-card hover:brightness-110',
} as const satisfies Record<ButtonLook, string>;

/** The look of a button, for links too. */
export function buttonClass(look: ButtonLook = 'plain', size: 'sm' | 'md' = 'md'): string {
  return cx(
    'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors select-none',
    'disabled:cursor-not-allowed disabled:opacity-60',
    size === 'md' ? 'h-9 px-3 text-sm' : 'h-7 px-2 text-xs',
    LOOKS[look]
  );
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook;
  size?: 'sm' | 'md';
  icon?: LucideIcon;
  busy?: boolean;
  children?: ReactNode;
}

export function Button({ look, size, icon, busy = false, children, className, ...rest }: ButtonProps) {
  const Icon = busy ? LoaderCircle : icon;
  return (
    <button type="submit" {...rest} aria-busy={busy || undefined} className={cx(buttonClass(look, size), className)}>
      {Icon !== undefined && <Icon aria-hidden className={cx('size-4', busy && 'animate-spin-slow')} />}
      {children}
    </button>
  );
}
