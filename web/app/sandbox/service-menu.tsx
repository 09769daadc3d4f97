/** What can be done with one service, by its state: a menu of forms, open and closed without scripts. */
import { useFetcher } from '@remix-run/react';
import { CircleStop, EllipsisVertical, LoaderCircle, Play, RefreshCw, Rocket, type LucideIcon } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { ServiceRow } from '../model/service-rows.ts';
import type { Answer } from '../sandbox-intents.server.ts';

interface Choice {
  intent: 'deploy' | 'restart' | 'stop' | 'start';
  icon: LucideIcon;
  label: string;
}

const DEPLOY: Choice = { intent: 'deploy', icon: Rocket, label: 'Deploy newest commit' };
const CHOICES = {
  started: [
    DEPLOY,
    { intent: 'restart', icon: RefreshCw, label: 'Restart' },
    { intent: 'stop', icon: CircleStop, label: 'Stop' },
  ],
  stopped: [{ intent: 'start', icon: Play, label: 'Start' }],
} as const satisfies Record<'started' | 'stopped', readonly Choice[]>;

export function ServiceMenu({ row }: { row: ServiceRow }) {
  // The row's own key: what was refused shows beneath it.
  const fetcher = useFetcher<Answer>({ key: `route-${row.name}` });
  const menu = useRef<HTMLDetailsElement>(null);
  const busy = fetcher.state !== 'idle' && fetcher.formData?.get('intent') !== 'route';
  useEffect(() => {
    if (busy && menu.current !== null) menu.current.open = false;
  }, [busy]);
  if (row.wanted === 'ocp') return <span className="size-8 max-lg:hidden" />;
  const Icon = busy ? LoaderCircle : EllipsisVertical;
  return (
    <details
      ref={menu}
      className="relative"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.currentTarget.open = false;
        event.currentTarget.querySelector('summary')?.focus();
      }}
    >
      <summary
        aria-label={`Actions on ${row.name}`}
        title="Actions"
        className="grid size-8 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
      >
        <Icon aria-hidden className={busy ? 'size-4 animate-spin-slow' : 'size-4'} />
      </summary>
      <fetcher.Form
        method="post"
        className="absolute top-9 right-0 z-10 w-52 animate-rise rounded-lg border border-line bg-surface p-1 shadow-pop"
      >
        <input type="hidden" name="service" value={row.name} />
        {CHOICES[row.wanted].map(({ intent, icon: ChoiceIcon, label }) => (
          <button
            key={intent}
            type="submit"
            name="intent"
            value={intent}
            className="flex h-8 w-full items-center gap-2 rounded-md px-2 text-left text-[13px] text-ink hover:bg-hover"
          >
            <ChoiceIcon aria-hidden className="size-3.5 text-ink-3" />
            {label}
          </button>
        ))}
      </fetcher.Form>
    </details>
  );
}
