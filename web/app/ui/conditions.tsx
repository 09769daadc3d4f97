/** Why the sandbox is as it is, one sentence per condition. */
import { CircleAlert, CircleCheck, CircleHelp, type LucideIcon } from 'lucide-react';
import type { Condition, ConditionType } from '#schema/status';
import { Ago } from './now.tsx';

/** Conditions whose being true is bad news. */
const ADVERSE: ReadonlySet<ConditionType> = new Set(['NeedsLogin', 'Blocked', 'Failed', 'Expiring']);
const TITLES: Record<ConditionType, string> = {
  Ready: 'Ready',
  NeedsLogin: 'Needs a login',
  Blocked: 'Blocked',
  NodesReachable: 'Nodes reachable',
  RoutesReachable: 'Routes reachable',
  Failed: 'Failed',
  Expiring: 'Expiring',
};

function lookOf({ type, status }: Condition): { icon: LucideIcon; tone: string; word: string } {
  if (status === 'Unknown') return { icon: CircleHelp, tone: 'text-ink-3', word: 'unknown' };
  const yes = status === 'True';
  return yes === ADVERSE.has(type)
    ? { icon: CircleAlert, tone: 'text-warn', word: yes ? 'yes' : 'no' }
    : { icon: CircleCheck, tone: 'text-good', word: yes ? 'yes' : 'no' };
}

export function Conditions({ conditions }: { conditions: Condition[] }) {
  return (
    <ul className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card">
      {conditions.map((condition) => {
        const { icon: Icon, tone, word } = lookOf(condition);
        return (
          <li key={condition.type} className="flex items-start gap-3 px-4 py-2.5">
            <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${tone}`} />
            <div className="min-w-0 flex-1">
              <p className="font-medium">
                {TITLES[condition.type]}: {word}{' '}
                <span className="font-mono text-xs font-normal text-ink-3">{condition.reason}</span>
              </p>
              {condition.message !== '' && <p className="text-ink-2">{condition.message}</p>}
            </div>
            <span className="shrink-0 text-xs text-ink-3">
              <Ago at={condition.lastTransitionTime} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}
