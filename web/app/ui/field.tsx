import { useId, type InputHTMLAttributes, type ReactNode } from 'react';
import { cx } from './cx.ts';

export const INPUT =
  'h-9 rounded-md border border-control bg-surface px-3 text-sm text-ink placeholder:text-ink-3 shadow-card focus-visible:outline-offset-0';

interface FieldShellProps {
  id: string;
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  className?: string | undefined;
  /** Makes the control; gets what `aria-describedby` has to name. */
  children(described: string | undefined): ReactNode;
}

/** Label, help and error around a control. */
export function FieldShell({ id, label, help, error, className, children }: FieldShellProps) {
  const described = [help === undefined ? '' : `${id}-help`, error === undefined ? '' : `${id}-error`]
    .filter(Boolean)
    .join(' ');
  return (
    <div className={cx('space-y-1.5', className)}>
      <label htmlFor={id} className="block text-sm font-medium text-ink">
        {label}
      </label>
      {children(described === '' ? undefined : described)}
      {help !== undefined && (
        <p id={`${id}-help`} className="text-xs text-ink-3">
          {help}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  mono?: boolean;
}

export function Field({ label, help, error, mono = false, className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <FieldShell id={id} label={label} help={help} error={error} className={className}>
      {(described) => (
        <input
          {...rest}
          id={id}
          aria-describedby={described}
          aria-invalid={error === undefined ? undefined : true}
          className={cx(INPUT, 'w-full', mono && 'font-mono text-[13px]', error !== undefined && 'border-bad')}
        />
      )}
    </FieldShell>
  );
}
