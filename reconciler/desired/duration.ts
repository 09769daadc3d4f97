const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of a duration such as `30s`, `5m`, `1h` or `0s`; undefined for anything else. */
export function durationSeconds(duration: string): number | undefined {
  const match = /^(0|[1-9][0-9]*)(s|m|h|d)$/.exec(duration);
  const unit = UNITS[match?.[2] ?? ''];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}
