/** A plan and the changes of fields, as lines for a terminal. */
import type { ApplyResult, PlanView } from '#schema/http';
import { paint } from './output.ts';
import { changeLines } from './value-text.ts';

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
  const said = `${result.kind.toLowerCase()}/${result.name} ${result.outcome}`;
  const lines = [result.outcome === 'deleted' ? paint('red', said) : said];
  if (detailed) lines.push(...result.changes.flatMap(changeLines));
  for (const warning of result.warnings ?? []) lines.push(paint('yellow', `  warning: ${warning}`));
  if (result.plan !== undefined && result.outcome !== 'unchanged') lines.push(...planLines(result.plan));
  for (const plan of result.affects ?? []) lines.push(`  sandbox/${plan.sandbox}, which uses it:`, ...planLines(plan).map((line) => `  ${line}`));
  if (result.unplanned !== undefined && result.unplanned > 0) lines.push(`  and ${result.unplanned} more ${result.unplanned === 1 ? 'sandbox that uses' : 'sandboxes that use'} it`);
  return lines;
}
