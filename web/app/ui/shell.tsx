/** The frame of every page: navigation at the side, on small screens at the foot. */
import { NavLink } from '@remix-run/react';
import { Boxes, LayoutTemplate, Rocket, Server, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import { Logo } from './logo.tsx';

const PAGES: { to: string; label: string; icon: LucideIcon }[] = [
  { to: '/sandboxes', label: 'Sandboxes', icon: Boxes },
  { to: '/templates', label: 'Templates', icon: LayoutTemplate },
  { to: '/deployments', label: 'Deployments', icon: Rocket },
  { to: '/nodes', label: 'Nodes', icon: Server },
];

interface ShellProps {
  account: ReactNode;
  theme: ReactNode;
  banner: ReactNode;
  children: ReactNode;
}

export function Shell({ account, theme, banner, children }: ShellProps) {
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[14rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent-solid px-3 py-2 text-white focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line px-3 py-4 md:flex">
        <Brand />
        <nav aria-label="Pages" className="mt-6 space-y-0.5">
          {PAGES.map((page) => (
            <SideLink key={page.to} {...page} />
          ))}
        </nav>
        <div className="mt-auto space-y-3">
          {theme}
          {account}
        </div>
      </aside>
      <div className="flex min-w-0 flex-col pb-16 md:pb-0">
        <div className="flex items-center justify-between gap-2 border-b border-line px-4 py-2.5 md:hidden">
          <Brand />
          <div className="flex items-center gap-2">{theme}</div>
        </div>
        {banner}
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          {children}
        </main>
        <div className="px-4 pb-6 md:hidden">{account}</div>
      </div>
      <nav
        aria-label="Pages"
        className="fixed inset-x-0 bottom-0 z-20 grid grid-cols-4 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
      >
        {PAGES.map(({ to, label, icon: Icon }) => (
          <NavLink
            key={to}
            to={to}
            className={({ isActive }) =>
              cx(
                'flex flex-col items-center gap-0.5 py-2 text-2xs font-medium',
                isActive ? 'text-accent' : 'text-ink-3'
              )
            }
          >
            <Icon aria-hidden className="size-5" strokeWidth={1.75} />
            {label}
          </NavLink>
        ))}
      </nav>
    </div>
  );
}

function Brand() {
  return (
    <NavLink to="/sandboxes" className="flex w-fit items-center gap-2.5 rounded-md px-1 font-semibold tracking-tight">
      <Logo />
      SDP
      <span className="sr-only">: all sandboxes</span>
    </NavLink>
  );
}

function SideLink({ to, label, icon: Icon }: (typeof PAGES)[number]) {
  return (
    <NavLink
      to={to}
      className={({ isActive }) =>
        cx(
          'flex h-9 items-center gap-2.5 rounded-md px-2.5 font-medium',
          isActive ? 'bg-accent-soft text-accent' : 'text-ink-2 hover:bg-hover hover:text-ink'
        )
      }
    >
      <Icon aria-hidden className="size-4" />
      {label}
    </NavLink>
  );
}
