/** Which target each service of the catalogue has in a sandbox, and why (F1). */
import type { RouteTarget } from '#schema/documents';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import type { Desired, Inputs } from '../model.ts';

export type Choice = {
  service: string;
  reason: string;
  /** Nobody asked for it: it leads to the baseline because nothing else was said. */
  byDefault?: true;
} & (
  | { target: 'sandbox' }
  | { target: 'ocp'; url: string }
  | { target: 'url'; url: string }
  | { target: 'other-sandbox'; sandbox: string }
  /** The route document says `sandbox`, but nothing runs here. */
  | { target: 'missing' }
);

/** For every service of the catalogue but the gateway, by name. */
export function routeChoices(inputs: Inputs, desired: Desired): Choice[] {
  const entries = new Map(
    Object.entries(inputs.route?.spec.routes ?? {}).map(([name, entry]) => [slugOf(name), entry.target]),
  );
  const here = new Set(desired.services.map((want) => want.service));
  const baselines = [...inputs.catalogue].filter(([slug]) => slug !== GATEWAY_SERVICE);
  return baselines
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, document]) => choose(service, document.spec.baseline, entries.get(service), here.has(service)));
}

function choose(service: string, baseline: string, target: RouteTarget | undefined, runsHere: boolean): Choice {
  if (target === undefined) {
    return runsHere
      ? { service, target: 'sandbox', reason: 'it has a branch in this sandbox' }
      : { service, target: 'ocp', url: baseline, reason: 'it has no branch in this sandbox', byDefault: true };
  }
  if (typeof target === 'object') {
    return {
      service,
      target: 'other-sandbox',
      sandbox: target.sandbox,
      reason: `the route leads to sandbox ${target.sandbox}`,
    };
  }
  if (target === 'ocp') return { service, target: 'ocp', url: baseline, reason: 'the route says ocp' };
  if (target !== 'sandbox') return { service, target: 'url', url: target, reason: 'the route names a URL' };
  return runsHere
    ? { service, target: 'sandbox', reason: 'the route says sandbox' }
    : { service, target: 'missing', reason: 'the route says sandbox, but the service has no branch here' };
}
