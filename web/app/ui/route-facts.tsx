/** What is known of one route: since when, whether its target answers, and what is done to its requests. */
import { CircleCheck, CircleX, Zap } from 'lucide-react';
import { faultWords } from '#schema/faults';
import type { RouteStatus } from '#schema/status';
import { Badge } from './badge.tsx';
import { Ago, useNow } from './now.tsx';

export function RouteFacts({ route }: { route: RouteStatus | undefined }) {
  const now = useNow();
  if (route === undefined) return null;
  const { since, verified, fault } = route;
  // The edge ends it on time, the status a moment later.
  const active = fault !== undefined && Date.parse(fault.until) > now ? fault : undefined;
  if (since === undefined && verified === undefined && active === undefined) return null;
  return (
    <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1.5 px-4 pb-3 text-xs text-ink-3">
      {active !== undefined && (
        <>
          <Badge tone="warn" icon={Zap} axis="Route">
            Fault
          </Badge>
          <span className="min-w-0 break-words text-ink-2">
            The edge {faultWords(active)} until{' '}
            <time dateTime={active.until} title={active.until} className="whitespace-nowrap">
              {clock(active.until)}
            </time>
            .
          </span>
        </>
      )}
      {verified?.ok === false && (
        <>
          <Badge tone="bad" icon={CircleX} axis="Route" title={verified.message}>
            Not reachable
          </Badge>
          <span className="min-w-0 break-words text-ink-2">
            {verified.message} Checked <Ago at={verified.at} />.
          </span>
        </>
      )}
      {verified?.ok === true && (
        <span className="inline-flex items-center gap-1">
          <CircleCheck aria-hidden className="size-3.5 text-good" />
          <span>
            Answered <Ago at={verified.at} />
          </span>
        </span>
      )}
      {since !== undefined && (
        <span>
          Routed so since <Ago at={since} />
        </span>
      )}
    </div>
  );
}

/** Day and time in UTC, so that server and browser render the same. */
function clock(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}
