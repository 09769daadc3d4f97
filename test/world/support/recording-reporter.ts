/** A reporter that keeps what it was told. */
import type { ErrorBody } from '#schema/errors';
import type { Reporter } from '#agents/contract';

export function recordingReporter(): Reporter & {
  events: string[];
  lines: string[];
  durations: number[];
  errors: ErrorBody[];
} {
  const events: string[] = [];
  const lines: string[] = [];
  const durations: number[] = [];
  const errors: ErrorBody[] = [];
  return {
    events,
    lines,
    durations,
    errors,
    event(event, more) {
      events.push(event);
      if (more?.durationMs !== undefined) durations.push(more.durationMs);
      if (more?.error !== undefined) errors.push(more.error);
    },
    log: (phase, text) => void lines.push(`[${phase}] ${text}`),
  };
}
