/** How a sandbox stands to its template, as text. */
import type { TemplateView } from '#schema/http';
import { age, paint } from './output.ts';
import { changeLines } from './value-text.ts';

/** One or two lines for the description of a sandbox. */
export function templateLines(view: TemplateView, sandbox: string): string[] {
  const origin = `template: ${view.name}, revision ${view.revision}`;
  if (view.gone) return [`${origin}; it is gone, and this sandbox stays as it is`];
  if (view.newest === undefined) return [`${origin}, the newest`];
  const { revision, by, at, message } = view.newest;
  const moved = `${origin} -> ${revision} by ${by}, ${age(at)} ago${message === '' ? '' : `: ${message}`}`;
  if (view.problem !== undefined) return [paint('yellow', moved), `  ${view.problem}`];
  if (view.changes.length === 0 && view.conflicts.length === 0) return [`${moved} (changes nothing here)`];
  return [paint('yellow', moved), `  \`sdp diff sandbox/${sandbox} --template\` shows what that would change`];
}

/** Field by field. */
export function templateDiffText(view: TemplateView): string {
  if (view.gone) return `The template ${view.name} is gone; there is nothing to take.`;
  if (view.problem !== undefined) return `The newest ${view.name} cannot be taken as it is: ${view.problem}`;
  if (view.changes.length === 0 && view.conflicts.length === 0) return 'No difference.';
  const lines = view.changes.flatMap(changeLines);
  if (view.conflicts.length > 0) {
    lines.push("Changed here and in the template; what is here stays, unless --take-template:");
    for (const conflict of view.conflicts) lines.push(...changeLines(conflict));
  }
  return lines.join('\n');
}
