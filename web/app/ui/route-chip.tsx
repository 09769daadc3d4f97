/** Where a service's requests go: this sandbox, OCP, a URL, another sandbox. */
import { Box, Boxes, Cloud, Link2, type LucideIcon } from 'lucide-react';
import type { RouteStatus } from '#schema/status';
import { cx } from './cx.ts';

export const ROUTE_LOOKS = {
  sandbox: { icon: Box, word: 'sandbox' },
  ocp: { icon: Cloud, word: 'OCP' },
  url: { icon: Link2, word: 'URL' },
  'other-sandbox': { icon: Boxes, word: 'other sandbox' },
} as const satisfies Record<RouteStatus['target'], { icon: LucideIcon; word: string }>;

export function RouteChip({ service, target }: { service: string; target: RouteStatus['target'] }) {
  const { icon: Icon, word } = ROUTE_LOOKS[target];
  const here = target !== 'ocp';
  return (
    <span
      className={cx(
        'inline-flex h-6 items-center gap-1.5 rounded-md border px-1.5 text-xs whitespace-nowrap',
        here ? 'border-accent/30 bg-accent-soft text-accent' : 'border-line bg-inset text-ink-2'
      )}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" />
      <span className="font-medium">{service}</span>
      <span className={here ? '' : 'text-ink-3'}>
        <span className="sr-only">goes to </span>
        {word}
      </span>
    </span>
  );
}
