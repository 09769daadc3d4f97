/** What people are told while a service's container is not there. Pure. */
import type { RoutesInput } from './edge-routes.ts';
import { sandboxPage } from './sandbox-page.ts';
import type { WantedService } from '../model.ts';

/** Longest reason in characters. */
const MAX_REASON = 240;

/**
 * Three texts, because routes are sent anew whenever one changes: not fetched yet, failed, and everything else. How
 * far a build is stands on the sandbox's page, which the edge links to.
 */
export function otherwise(want: WantedService, { inputs, desired, publicUrl }: RoutesInput): string {
  const { service, source } = want;
  const { name } = desired.ref;
  const newest = inputs.deployments.find((deployment) => deployment.service === service);
  if (newest?.state === 'FAILED') {
    const see = publicUrl === undefined ? `\`sdp describe sandbox ${name}\` says more` : `see ${sandboxPage(publicUrl, desired.ref.slug)}`;
    return `${service} failed: ${oneLine(newest.message ?? newest.reason ?? 'no reason is known')}; ${see}.`;
  }
  if (source.kind === 'fetch' && source.former === undefined) {
    return `${service} is not there yet: ${source.branch} has to be fetched first, with the login of ${source.askedBy}.`;
  }
  return `${service} is being built or started in sandbox ${name}.`;
}

/** The first line, without the end that a sentence gets anyway. */
function oneLine(text: string): string {
  const line = (text.trim().split(/\r?\n/, 1)[0] ?? '').replace(/\s+/g, ' ');
  const short = line.length > MAX_REASON ? `${line.slice(0, MAX_REASON - 1)}…` : line;
  return short.replace(/[.;:,\s]+$/, '');
}
