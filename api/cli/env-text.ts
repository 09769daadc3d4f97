/** Variables with their sources, and what an import did, as text. */
import type { GivenValue, ImportView, VariablesView } from '#schema/http';
import { paint, table } from './output.ts';

/** A value on one line: what cannot stand there is escaped, what is long is cut. */
function shown(value: string, longest: number): string {
  const line = /[\u0000-\u001f\u007f]|^\s|\s$|^$/.test(value) ? JSON.stringify(value) : value;
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

function valueOf({ value, secret }: GivenValue, longest: number): string {
  return secret === undefined ? shown(value ?? '', longest) : `secret v${secret}`;
}

/** Where it comes from, in a few words. */
function sourceOf({ layer, environment }: GivenValue): string {
  if (layer === 'injected') return 'SDP';
  const where = { defaults: 'default', sandbox: 'sandbox', service: 'service' }[layer];
  return environment === undefined ? where : `${environment} (${where})`;
}

/** Name, value, source and what it wins over; `wide` shows values in full. */
export function variablesText(view: VariablesView, wide: boolean): string {
  const longest = wide ? 200 : 28;
  const rows = view.variables.map((variable) => [
    variable.name,
    valueOf(variable, longest),
    sourceOf(variable),
    variable.overrides.map((other) => `${valueOf(other, wide ? longest : 16)} of ${sourceOf(other)}`).join(', '),
  ]);
  const lines = [table(['NAME', 'VALUE', 'FROM', 'INSTEAD OF'], rows, wide)];
  if (view.files.length > 0) {
    const files = view.files.map((file) => [file.path, file.bytes, file.environment === '' ? 'SDP' : file.environment, file.overrides.join(', ')]);
    lines.push('', table(['FILE', 'BYTES', 'FROM', 'INSTEAD OF'], files, wide));
  }
  if (view.problem !== undefined) lines.push('', paint('red', `problem: ${view.problem}`));
  for (const warning of view.warnings) lines.push('', paint('yellow', `warning: ${warning}`));
  return lines.join('\n');
}

export function importText(view: ImportView, wide: boolean): string {
  const rows = view.entries.map((entry) => [entry.name, entry.as, entry.change, entry.as === 'variable' ? shown(entry.value ?? '', wide ? 200 : 28) : `(${entry.bytes} bytes)`, entry.from]);
  const lines = rows.length === 0 ? [] : [table(['NAME', 'AS', 'CHANGE', 'VALUE', 'FROM'], rows, wide)];
  for (const note of view.notes) lines.push(`note: ${note}`);
  const word = view.dryRun ? `would be ${view.outcome}` : view.outcome;
  return [...lines, `environment/${view.environment} ${word}`].join('\n');
}
