/** FETCH, CHECKOUT, BUILD, IMAGE, START: where a deployment is, and how long each step took. */
import { Check, CircleDashed, LoaderCircle, Minus, Square, X, type LucideIcon } from 'lucide-react';
import type { StepState, StepView } from '../model/steps.ts';
import { duration } from '../model/time.ts';
import { cx } from './cx.ts';
import { Elapsed } from './now.tsx';

const LOOKS: Record<StepState, { icon: LucideIcon; dot: string; text: string; word: string }> = {
  pending: { icon: CircleDashed, dot: 'border-line-strong text-ink-3', text: 'text-ink-3', word: 'waiting' },
  running: {
    icon: LoaderCircle,
    dot: 'border-busy bg-busy-soft text-busy',
    text: 'text-ink font-medium',
    word: 'running',
  },
  done: { icon: Check, dot: 'border-good/40 bg-good-soft text-good', text: 'text-ink', word: 'done' },
  failed: { icon: X, dot: 'border-bad bg-bad-soft text-bad', text: 'text-bad font-medium', word: 'failed' },
  stopped: { icon: Square, dot: 'border-line-strong text-ink-3', text: 'text-ink-3', word: 'stopped' },
  unreached: { icon: Minus, dot: 'border-line text-ink-3', text: 'text-ink-3', word: 'not reached' },
  skipped: { icon: Minus, dot: 'border-line text-ink-3', text: 'text-ink-3', word: 'not needed' },
};

const isAhead = (step: StepView | undefined): boolean => step?.state === 'pending' || step?.state === 'unreached';

function Time({ step }: { step: StepView }) {
  if (step.durationMs !== undefined) return <span className="num">{duration(step.durationMs)}</span>;
  if (step.state === 'running' && step.startedAt !== undefined) return <Elapsed since={step.startedAt} />;
  // The label says it already to those who hear the page.
  return <span aria-hidden>{LOOKS[step.state].word}</span>;
}

export function StepStrip({ steps }: { steps: StepView[] }) {
  return (
    <ol className="grid grid-cols-5" aria-label="Steps">
      {steps.map((step, index) => {
        const { icon: Icon, dot, text, word } = LOOKS[step.state];
        const reached = !isAhead(step);
        return (
          <li
            key={step.key}
            aria-current={step.state === 'running' ? 'step' : undefined}
            className="relative flex flex-col items-start gap-1.5"
          >
            {index < steps.length - 1 && (
              <span
                aria-hidden
                className={cx(
                  'absolute top-[11px] right-1.5 left-[30px] h-px',
                  isAhead(steps[index + 1]) ? 'bg-line' : 'bg-good/50',
                  !reached && 'bg-line'
                )}
              />
            )}
            <span className={cx('grid size-6 place-items-center rounded-full border', dot)}>
              <Icon
                aria-hidden
                strokeWidth={2.5}
                className={cx('size-3', step.state === 'running' && 'animate-spin-slow')}
              />
            </span>
            <span className={cx('text-2xs leading-tight sm:text-xs', text)}>
              {step.label}
              <span className="sr-only">: {word}</span>
              <span className="mt-0.5 block text-2xs font-normal text-ink-3">
                <Time step={step} />
              </span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
