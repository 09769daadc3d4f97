/** Routes as a person reads them: one row each, and beneath it what a row has no room for. */
import { faultWords } from '#schema/faults';
import type { RouteView } from '#schema/http';
import type { EdgeFault } from '#schema/wire/commands';
import type { TargetCheck } from '#schema/wire/report';
import { age, paint, table, terminalWidth, wrap } from './output.ts';

/** Columns in a terminal of which everything fits in one row. */
const ROOMY = 130;

const ZERO =
  "0 requests: none came through an edge in the last 10 minutes. Calls among OCP's own services never enter a sandbox, so they are counted nowhere.";

/** Such as `ok 2m ago`, `connect 5s ago`, `not yet`. */
export function verifiedWords(check: TargetCheck | undefined, now = Date.now()): string {
  if (check === undefined) return 'not yet';
  return `${check.ok ? 'ok' : `FAILED at ${check.step}`} ${age(check.at, now)} ago`;
}

export function faultLine(fault: EdgeFault, now = Date.now()): string {
  const rest = Math.max(0, Math.round((Date.parse(fault.until) - now) / 1000));
  const left = rest < 120 ? `${rest}s` : rest < 7200 ? `${Math.round(rest / 60)}m` : `${Math.round(rest / 3600)}h`;
  return `fault: ${faultWords(fault)}, for ${left} more (until ${fault.until})`;
}

function detail(view: RouteView, now: number, width: number): string[] {
  const said: ['yellow' | 'red', string][] = [];
  if (view.fault !== undefined) said.push(['yellow', faultLine(view.fault, now)]);
  if (view.faultProblem !== undefined) said.push(['red', view.faultProblem]);
  if (view.verified?.ok === false) said.push(['red', `not reachable: ${view.verified.message}`]);
  return said.flatMap(([colour, text]) => wrap(text, width).map((line) => `  ${paint(colour, line)}`));
}

/** @param wide everything in one row, however long */
export function routesText(views: readonly RouteView[], wide: boolean, now = Date.now(), width = terminalWidth()): string {
  if (views.length === 0) return 'No service is in the catalogue, so there is nothing to route.';
  const counted = views.some((view) => view.requests !== undefined);
  const requests = (view: RouteView): string => (view.requests === undefined ? '-' : String(view.requests));
  const verified = (view: RouteView): string => verifiedWords(view.verified, now);
  const head = ['SERVICE', 'TARGET'];
  const whole = wide || width >= ROOMY;
  const columns: [string, (view: RouteView) => string][] = whole
    ? [
        ['URL', (view) => view.url],
        ['WHY', (view) => view.reason],
        ['SINCE', (view) => age(view.since, now)],
        ['VERIFIED', verified],
        ['REQ/10M', requests],
      ]
    : [
        ['SINCE', (view) => age(view.since, now)],
        ['VERIFIED', verified],
        ['REQ/10M', requests],
      ];
  const shown = table(
    [...head, ...columns.map(([title]) => title)],
    views.map((view) => [view.service, view.target, ...columns.map(([, cell]) => cell(view))]),
    whole,
  ).split('\n');
  // In a narrow terminal, where to and why stand beneath the row: cut off, both would say nothing.
  const lines = views.flatMap((view, index) => [
    shown[index + 1] ?? '',
    ...(whole ? [] : [paint('dim', `  ${view.url}`), paint('dim', `  because ${view.reason}`)]),
    ...detail(view, now, (whole ? Math.max(ROOMY, width) : width) - 2),
  ]);
  const zero = counted && views.some((view) => view.requests === 0);
  return [shown[0] ?? '', ...lines, ...(zero ? ['', ...wrap(ZERO, whole ? Math.max(80, width) : width)] : [])].join('\n');
}
