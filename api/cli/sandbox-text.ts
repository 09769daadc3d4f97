/** A sandbox as a page of text: badges with reasons, services, routes, what happens next. */
import type { StoredDocument } from '#schema/documents';
import type { LifecycleView, TemplateView } from '#schema/http';
import type { ServiceStatus } from '#schema/status';
import { lifecycleLine } from './lifecycle-text.ts';
import { holdLine, managedLine } from './managed-text.ts';
import { age, paint, paintState, table, terminalWidth, wrap } from './output.ts';
import { faultLine, verifiedWords } from './route-text.ts';
import { templateLines } from './template-text.ts';

function source(service: ServiceStatus): string {
  if (service.commit === undefined) return '';
  return `${service.branch ?? ''}@${service.commit.slice(0, 8)}`;
}

function row(name: string, service: ServiceStatus): (string | number | undefined)[] {
  return [name, service.state ?? '-', source(service), service.node, service.route?.target ?? '', service.route?.url ?? ''];
}

export interface SandboxSurroundings {
  /** Of the one that it was made from. */
  template?: TemplateView | undefined;
  lifecycle?: LifecycleView;
}

export function describeSandbox(document: StoredDocument<'Sandbox'>, { template, lifecycle }: SandboxSurroundings = {}): string {
  const { metadata, status } = document;
  const lines = [`${paint('bold', metadata.name)}  generation ${metadata.generation}, revision ${metadata.revision} by ${metadata.updatedBy}, ${age(metadata.updatedAt)} ago`];
  lines.push(...managedLine(document), ...holdLine(document));
  if (template !== undefined) lines.push(...templateLines(template, metadata.name));
  if (lifecycle !== undefined) lines.push(...wrap(lifecycleLine(lifecycle, metadata.name, Date.now()), terminalWidth()).map((line) => paint(lifecycle.state === 'warned' || lifecycle.state === 'expired' ? 'yellow' : 'dim', line)));
  if (status === undefined) return [...lines, 'Nothing is known of it yet.'].join('\n');
  lines.push(`${paintState(status.health)}  ${paintState(status.sync)}  ${paintState(status.operation)}`);
  const why = status.explanation === undefined ? status.nextAction : `why not Ready: ${status.explanation.sentence}`;
  if (why !== undefined) lines.push(...wrap(why, terminalWidth()));
  if (status.gateway?.url !== undefined) lines.push(`gateway: ${paint('bold', status.gateway.url)}`);
  lines.push('');
  const services = Object.entries(status.services).map(([name, service]) => row(name, service));
  lines.push(table(['SERVICE', 'STATE', 'SOURCE', 'NODE', 'ROUTE', 'URL'], [...(status.gateway === undefined ? [] : [row('gateway', status.gateway)]), ...services]));
  lines.push('');
  lines.push(table(['CONDITION', 'STATUS', 'REASON', 'MESSAGE'], status.conditions.map((condition) => [condition.type, condition.status, condition.reason, condition.message]), true));
  const routed = Object.entries(status.services).flatMap(([name, { route }]) => (route === undefined ? [] : [{ name, route }]));
  if (routed.length > 0) {
    lines.push('', table(
      ['SERVICE', 'VERIFIED', 'SINCE', 'WHY'],
      routed.map(({ name, route }) => [name, verifiedWords(route.verified), age(route.since), route.reason]),
      true,
    ));
  }
  for (const { name, route } of routed) {
    if (route.fault !== undefined) lines.push('', paint('yellow', `${name}: ${faultLine(route.fault)}`));
    if (route.faultProblem !== undefined) lines.push(...wrap(route.faultProblem, terminalWidth()).map((line) => paint('red', line)));
    if (route.verified?.ok === false) lines.push('', paint('red', `${name}: ${route.url} is not reachable: ${route.verified.message}`));
  }
  for (const [name, service] of Object.entries(status.services)) {
    if (service.message !== undefined) lines.push('', `${name}: ${service.message}`);
  }
  return lines.join('\n');
}
