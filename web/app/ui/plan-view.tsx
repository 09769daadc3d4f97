/** What a save would do: the same plan that the reconciler will follow. */
import {
  Ban,
  CirclePlay,
  CircleStop,
  Container,
  Download,
  Hammer,
  KeyRound,
  Network,
  RefreshCw,
  Replace,
  Split,
  Trash2,
  Unplug,
  type LucideIcon,
} from 'lucide-react';
import type { PlanStep, PlanView as Plan } from '#schema/http';
import { Notice } from './notice.tsx';

const ACTIONS: Record<PlanStep['action'], { icon: LucideIcon; word: string; tone: string }> = {
  fetch: { icon: Download, word: 'Fetch', tone: 'text-busy' },
  build: { icon: Hammer, word: 'Build', tone: 'text-busy' },
  network: { icon: Network, word: 'Network', tone: 'text-good' },
  create: { icon: Container, word: 'Create', tone: 'text-good' },
  replace: { icon: Replace, word: 'Replace', tone: 'text-warn' },
  restart: { icon: RefreshCw, word: 'Restart', tone: 'text-warn' },
  start: { icon: CirclePlay, word: 'Start', tone: 'text-good' },
  stop: { icon: CircleStop, word: 'Stop', tone: 'text-warn' },
  remove: { icon: Trash2, word: 'Remove', tone: 'text-bad' },
  route: { icon: Split, word: 'Route', tone: 'text-accent' },
  claim: { icon: KeyRound, word: 'Reserve', tone: 'text-ink-3' },
  release: { icon: Unplug, word: 'Release', tone: 'text-ink-3' },
};

export function PlanView({ plan }: { plan: Plan }) {
  return (
    <div className="space-y-3">
      {plan.blocked.map((one) => (
        <Notice
          key={`${one.service ?? ''}${one.code}${one.reason}`}
          tone="bad"
          title={one.service === undefined ? 'Blocked' : `Blocked: ${one.service}`}
        >
          {one.reason}
        </Notice>
      ))}
      {plan.warnings.map((warning) => (
        <Notice key={warning} tone="warn">
          {warning}
        </Notice>
      ))}
      {plan.steps.length === 0 ? (
        <p className="text-ink-2">Nothing has to be done: what runs already is what is asked for.</p>
      ) : (
        <ol className="divide-y divide-line overflow-hidden rounded-lg border border-line">
          {plan.steps.map((step, index) => {
            const { icon: Icon, word, tone } = ACTIONS[step.action];
            return (
              <li key={index} className="flex items-start gap-3 bg-surface px-3 py-2">
                <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${tone}`} />
                <p className="min-w-0 flex-1">
                  <span className="font-medium">{word}</span>
                  {step.service !== undefined && <span className="font-mono text-xs"> {step.service}</span>}
                  {step.node !== undefined && <span className="text-xs text-ink-3"> on {step.node}</span>}
                  <span className="block text-xs text-ink-2">{step.reason}</span>
                </p>
              </li>
            );
          })}
        </ol>
      )}
      {plan.keep.length > 0 && (
        <p className="flex items-center gap-2 text-xs text-ink-2">
          <Ban aria-hidden className="size-3.5 shrink-0 text-ink-3" />
          <span>
            Untouched: <span className="font-mono">{plan.keep.join(', ')}</span>
          </span>
        </p>
      )}
    </div>
  );
}
