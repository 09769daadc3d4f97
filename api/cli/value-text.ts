/** Values and their changes as lines for a terminal; texts of several lines are compared line by line. */
import type { FieldChange } from '#schema/http';
import { lineDiff, type DiffLine } from './line-diff.ts';
import { paint } from './output.ts';

const words = (value: unknown): string => (value === undefined ? '(nothing)' : typeof value === 'string' ? value : JSON.stringify(value));

const isLong = (value: unknown): value is string => typeof value === 'string' && value.trimEnd().includes('\n');

/** A label and its value; a long text has the label's lines below it. */
export function valueLines(label: string, value: unknown): string[] {
  if (!isLong(value)) return [`${label}${words(value)}`];
  const indent = ' '.repeat(label.length - label.trimStart().length + 2);
  const all = value.trimEnd().split('\n');
  const shown = all.slice(0, 12).map((line) => `${indent}${line}`);
  return [`${label}(${all.length} lines)`, ...shown, ...(all.length > shown.length ? [`${indent}… ${all.length - shown.length} lines`] : [])];
}

const COLOURS = { '+': 'green', '-': 'red', ' ': undefined, '…': 'dim' } as const satisfies Record<DiffLine['mark'], string | undefined>;

export function changeLines(change: FieldChange): string[] {
  const { path, before, after } = change;
  if (before !== undefined && after !== undefined && (isLong(before) || isLong(after)) && typeof before === 'string' && typeof after === 'string') {
    const lines = lineDiff(before, after).map(({ mark, text }) => {
      const line = `      ${mark} ${text}`.trimEnd();
      const colour = COLOURS[mark];
      return colour === undefined ? line : paint(colour, line);
    });
    return [paint('yellow', `  ~ ${path}:`), ...lines];
  }
  if (before === undefined) return valueLines(`  + ${path}: `, after).map((line) => paint('green', line));
  if (after === undefined) return valueLines(`  - ${path}: `, before).map((line) => paint('red', line));
  return [paint('yellow', `  ~ ${path}: ${words(before)} -> ${words(after)}`)];
}
