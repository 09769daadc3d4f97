/** Variables with their sources, and what an import did, as text. */
import type { GivenValue, ImportEnvironmentView, VariablesView } from '#schema/http';
import { paint, table, terminalWidth, wrap } from './output.ts';

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

/** A sentence in lines that fit, the further ones indented. */
const folded = (text: string): string[] => wrap(text, terminalWidth() - 2).map((line, index) => (index === 0 ? line : `  ${line}`));

/** Name, value and source, then what some win over; `wide` shows values in full. */
export function variablesText(view: VariablesView, wide: boolean): string {
  const longest = wide ? 200 : 40;
  const rows = view.variables.map((variable) => [variable.name, valueOf(variable, longest), sourceOf(variable)]);
  const lines = [table(['NAME', 'VALUE', 'FROM'], rows, wide)];
  if (view.files.length > 0) {
    const files = view.files.map((file) => [file.path, file.bytes, file.environment === '' ? 'SDP' : file.environment]);
    lines.push('', table(['FILE', 'BYTES', 'FROM'], files, wide));
  }
  const won = [
    ...view.variables.map(({ name, overrides }) => ({ name, over: overrides.map((other) => `${valueOf(other, longest)} of ${sourceOf(other)}`) })),
    ...view.files.map(({ path, overrides }) => ({ name: path, over: overrides })),
  ].filter(({ over }) => over.length > 0);
  if (won.length > 0) lines.push('', ...won.flatMap(({ name, over }) => folded(`${name} wins over ${over.join(', ')}`)));
  if (view.problem !== undefined) lines.push('', ...folded(`problem: ${view.problem}`).map((line) => paint('red', line)));
  for (const warning of view.warnings) lines.push('', ...folded(`warning: ${warning}`).map((line) => paint('yellow', line)));
  return lines.join('\n');
}

/** Without the folders of a file: the line is what is looked for. */
const shortPlace = (from: string): string => from.replace(/[^\s(]*\/(?=[^/\s]+:\d+\)?$)/, '');

export function importText(view: ImportEnvironmentView, wide: boolean): string {
  const rows = view.entries.map((entry) => [entry.name, entry.as, entry.change, entry.as === 'variable' ? shown(entry.value ?? '', wide ? 200 : 28) : `(${entry.bytes} bytes)`, wide ? entry.from : shortPlace(entry.from)]);
  const lines = rows.length === 0 ? [] : [table(['NAME', 'AS', 'CHANGE', 'VALUE', 'FROM'], rows, wide)];
  for (const note of view.notes) lines.push(...folded(`note: ${note}`));
  const word = view.dryRun ? `would be ${view.outcome}` : view.outcome;
  return [...lines, `environment/${view.environment} ${word}`].join('\n');
}
