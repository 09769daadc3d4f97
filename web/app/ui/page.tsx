/** Head of a page: where we are, its title, what can be done. */
import { ChevronRight } from 'lucide-react';
import { Link } from '@remix-run/react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

interface PageHeadProps {
  title: ReactNode;
  /** Pages above this one. */
  trail?: { to: string; label: string }[];
  about?: ReactNode;
  actions?: ReactNode;
}

export function PageHead({ title, trail = [], about, actions }: PageHeadProps) {
  return (
    <header className="mb-6 space-y-2">
      {trail.length > 0 && (
        <nav aria-label="Breadcrumb">
          <ol className="flex flex-wrap items-center gap-1 text-xs text-ink-3">
            {trail.map(({ to, label }) => (
              <li key={to} className="flex min-w-0 items-center gap-1">
                <Link to={to} className="truncate rounded py-1 hover:text-ink hover:underline">
                  {label}
                </Link>
                <ChevronRight aria-hidden className="size-3" />
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1 basis-72 space-y-1.5">
          <h1 className="text-xl font-semibold tracking-tight break-words text-ink sm:text-2xl">{title}</h1>
          {about !== undefined && <div className="max-w-3xl text-pretty text-ink-2">{about}</div>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
    </header>
  );
}

export function Page({ children, wide = false }: { children: ReactNode; wide?: boolean }) {
  return (
    <div className={cx('mx-auto w-full px-4 py-6 sm:px-8 sm:py-8', wide ? 'max-w-[90rem]' : 'max-w-6xl')}>
      {children}
    </div>
  );
}
