/** Light, dark, or as the system says: three buttons of a form, so that it works without scripts. */
import { Monitor, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export const THEMES = ['light', 'system', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const LOOKS = {
  light: { icon: Sun, label: 'Light' },
  system: { icon: Monitor, label: 'As the system' },
  dark: { icon: Moon, label: 'Dark' },
} as const;

/** The buttons; they belong into a form that posts `theme`. */
export function ThemeButtons({ theme }: { theme: Theme }): ReactNode {
  return (
    <div role="group" aria-label="Theme" className="inline-flex rounded-lg border border-line bg-inset p-0.5">
      {THEMES.map((one) => {
        const { icon: Icon, label } = LOOKS[one];
        return (
          <button
            key={one}
            type="submit"
            name="theme"
            value={one}
            aria-pressed={theme === one}
            title={label}
            className={cx(
              'grid size-7 place-items-center rounded-md text-ink-3 hover:text-ink',
              theme === one && 'bg-raised text-ink shadow-card'
            )}
          >
            <Icon aria-hidden className="size-3.5" />
            <span className="sr-only">{label}</span>
          </button>
        );
      })}
    </div>
  );
}
