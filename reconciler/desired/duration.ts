import { UNIT_MS } from '#schema/duration';

/** Seconds of a duration such as `30s`, `5m`, `1h` or `0s`; undefined for anything else. */
export function durationSeconds(duration: string): number | undefined {
  const match = /^(0|[1-9][0-9]*)(s|m|h|d)$/.exec(duration);
  const unit = UNIT_MS[match?.[2] ?? ''];
  return match && unit !== undefined ? (Number(match[1]) * unit) / 1_000 : undefined;
}
