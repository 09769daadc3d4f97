/** A plan and the changes of fields, as lines for a terminal. */
import type { ApplyResult, FieldChange, PlanView } from '#schema/http';
import { paint } from './output.ts';

const value = (shown: unknown): string => (shown === undefined ? '(nothing)' : typeof shown === 'string' ? shown : JSON.stringify(shown));

export function changeLine(change: FieldChange): string {
  if (change.before === undefined) return paint('green', `  + ${change.path}: ${value(change.after)}`);
  if (change.after === undefined) return paint('red', `  - ${change.path}: ${value(change.before)}`);
  return paint('yellow', `  ~ ${change.path}: ${value(change.before)} -> ${value(change.after)}`);
}

export function planLines(plan: PlanView): string[] {
  const lines = plan.steps.map((step, index) => {
    const what = [step.action, step.service].filter((part) => part !== undefined).join(' ');
    return `  ${String(index + 1).padStart(2)}. ${what.padEnd(18)} ${step.reason}`;
  });
  if (plan.steps.length === 0) lines.push('  nothing to do');
  if (plan.keep.length > 0) lines.push(`  keeps as they are: ${plan.keep.join(', ')}`);
  for (const blocked of plan.blocked) lines.push(paint('red', `  blocked${blocked.service === undefined ? '' : ` ${blocked.service}`}: ${blocked.reason}`));
  for (const warning of plan.warnings) lines.push(paint('yellow', `  warning: ${warning}`));
  return lines;
}

export function resultLines(result: ApplyResult, detailed: boolean): string[] {
  const lines = [`${result.kind.toLowerCase()}/${result.name} ${result.outcome}`];
  if (detailed) lines.push(...result.changes.map(changeLine));
  for (const warning of result.warnings ?? []) lines.push(paint('yellow', `  warning: ${warning}`));
  if (result.plan !== undefined && result.outcome !== 'unchanged') lines.push(...planLines(result.plan));
  return lines;
}
