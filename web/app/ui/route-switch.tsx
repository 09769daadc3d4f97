/** Sandbox or OCP: one press flips where a service's requests go. Buttons of a form: works without scripts. */
import { LoaderCircle } from 'lucide-react';
import type { RouteStatus } from '#schema/status';
import { cx } from './cx.ts';
import { ROUTE_LOOKS } from './route-chip.tsx';

interface RouteSwitchProps {
  service: string;
  target: RouteStatus['target'];
  /** The target that was asked for and is not confirmed yet. */
  pending?: 'sandbox' | 'ocp' | undefined;
  disabled?: boolean;
}

export function RouteSwitch({ service, target, pending, disabled = false }: RouteSwitchProps) {
  const shown = pending ?? target;
  return (
    <div
      role="group"
      aria-label={`Route of ${service}`}
      className="inline-flex rounded-lg border border-line bg-inset p-0.5"
    >
      {(['sandbox', 'ocp'] as const).map((one) => {
        const { icon: Icon, word } = ROUTE_LOOKS[one];
        const on = shown === one;
        const Shown = pending === one ? LoaderCircle : Icon;
        return (
          <button
            key={one}
            type="submit"
            name="target"
            value={one}
            aria-pressed={on}
            disabled={disabled || (on && pending === undefined)}
            className={cx(
              'inline-flex h-7 items-center gap-1.5 rounded-md px-2 text-xs font-medium',
              on
                ? one === 'sandbox'
                  ? 'bg-accent-soft text-accent shadow-card'
                  : 'bg-raised text-ink shadow-card'
                : 'text-ink-3 hover:text-ink'
            )}
          >
            <Shown aria-hidden className={cx('size-3.5', pending === one && 'animate-spin-slow')} />
            {one === 'ocp' ? 'OCP' : 'Sandbox'}
            <span className="sr-only">{on ? ` (${service} goes to ${word} now)` : ` for ${service}`}</span>
          </button>
        );
      })}
    </div>
  );
}
