/** The six tones of the UI: always together with an icon and a word. */
export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'quiet' | 'accent';

export const TONES = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  busy: 'bg-busy-soft text-busy',
  quiet: 'bg-quiet-soft text-ink-2',
  accent: 'bg-accent-soft text-accent',
} as const satisfies Record<Tone, string>;

export const TEXT_TONES = {
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  busy: 'text-busy',
  quiet: 'text-ink-3',
  accent: 'text-accent',
} as const satisfies Record<Tone, string>;
