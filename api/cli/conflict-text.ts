/** A stale write for people: who saved what, and which fields have to be decided. */
import type { FieldConflict, StaleWrite, WriteVersion } from '#schema/errors';
import { age, paint } from './output.ts';
import { valueLines } from './value-text.ts';

function versionLine(label: string, version: WriteVersion): string {
  const { revision, resourceVersion, by, at, message, deleted } = version;
  if (revision === undefined) return `  ${label} resourceVersion ${resourceVersion}, no longer known`;
  const said = message === undefined ? '' : `: ${message}`;
  return `  ${label} revision ${revision}, ${deleted === true ? 'deleted' : 'saved'} by ${by ?? '?'} ${age(at)} ago${said}`;
}

const HEADINGS: Record<FieldConflict['verdict'], string> = {
  conflicting: 'changed by both, to be decided',
  yours: 'changed by you only',
  theirs: 'changed by them only',
  same: 'changed by both to the same',
};

export function conflictLines({ kind, name, base, theirs, fields }: StaleWrite): string[] {
  const lines = [paint('bold', `${kind.toLowerCase()}/${name}`), versionLine('your copy:', base), versionLine('stored:   ', theirs)];
  for (const verdict of ['conflicting', 'yours', 'theirs', 'same'] as const) {
    const own = fields.filter((field) => field.verdict === verdict);
    if (own.length === 0) continue;
    lines.push(`  ${paint(verdict === 'conflicting' ? 'red' : 'dim', HEADINGS[verdict])}`);
    for (const field of own) lines.push(...fieldLines(field));
  }
  return lines;
}

function fieldLines({ path, base, theirs, yours, verdict }: FieldConflict): string[] {
  const line = (label: string, value: unknown): string[] => valueLines(`      ${label} `, value);
  const lines = [`    ${path}`];
  if (verdict === 'conflicting') return [...lines, ...line('was:   ', base), ...line('theirs:', theirs), ...line('yours: ', yours)];
  return [...lines, ...line('was:', base), ...line('now:', verdict === 'theirs' ? theirs : yours)];
}
