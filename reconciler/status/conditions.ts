/** Conditions of a sandbox: plain sentences, each with what to do where there is something to do. */
import type { Condition, ConditionStatus, ConditionType } from '#schema/status';
import type { Choice } from '../routes/choices.ts';
import { inForce } from '../routes/edge-routes.ts';
import { checkOf } from './checks.ts';
import { expiring } from './expiring.ts';
import type { ServiceView } from './service-status.ts';
import type { StatusInput } from './status.ts';

export interface Finding {
  type: ConditionType;
  status: ConditionStatus;
  reason: string;
  message: string;
}

export function conditionsOf(
  input: StatusInput,
  views: readonly ServiceView[],
): { conditions: Condition[]; nextAction: string | undefined } {
  const login = needsLogin(input);
  const blocked = blockedBy(input);
  const nodes = nodesReachable(input);
  const failed = failedServices(views);
  const expiry = expiring(input);
  const ready = readiness(input, views, [login, blocked, nodes, failed, expiry]);
  const at = new Date(input.now).toISOString();
  const conditions = [ready, login, blocked, nodes, failed, routesReachable(input, views), expiry].map((finding): Condition => {
    const before = input.previous?.conditions.find((condition) => condition.type === finding.type);
    return { ...finding, lastTransitionTime: before?.status === finding.status ? before.lastTransitionTime : at };
  });
  return { conditions, nextAction: ready.status === 'True' ? undefined : ready.message };
}

function needsLogin({ diff }: StatusInput): Finding {
  const waiting = diff.fetch.filter((entry) => entry.needsLogin);
  const first = waiting[0];
  if (!first)
    return { type: 'NeedsLogin', status: 'False', reason: 'NothingWaits', message: 'No fetch waits for a login.' };
  const services = waiting.map((entry) => entry.want.service).join(', ');
  const people = [...new Set(waiting.map((entry) => entry.askedBy))].join(', ');
  return {
    type: 'NeedsLogin',
    status: 'True',
    reason: 'LoginMissing',
    message: `${people} has to log in so that ${services} can be fetched; or somebody else deploys with their own login. What runs keeps running.`,
  };
}

function blockedBy({ diff, problems }: StatusInput): Finding {
  const all = [...diff.blocked, ...problems].map((item) => item.problem.reason);
  if (all.length === 0)
    return { type: 'Blocked', status: 'False', reason: 'NothingInTheWay', message: 'Nothing is in the way.' };
  return { type: 'Blocked', status: 'True', reason: 'InTheWay', message: [...new Set(all)].join(' ') };
}

function nodesReachable({ diff }: StatusInput): Finding {
  const silent = diff.unknown.map((item) => item.reason);
  if (silent.length === 0) {
    return {
      type: 'NodesReachable',
      status: 'True',
      reason: 'AllReport',
      message: 'Every node that this sandbox uses reports.',
    };
  }
  return { type: 'NodesReachable', status: 'False', reason: 'NodeSilent', message: [...new Set(silent)].join(' ') };
}

/** A target that somebody asked for, by a route or a branch, does not answer. */
export const TARGET_UNREACHABLE = 'TargetUnreachable';

/** Targets that the edges asked and that did not answer, by name: never a silent fall-through. */
function routesReachable(input: StatusInput, views: readonly ServiceView[]): Finding {
  const type = 'RoutesReachable';
  if (input.desired.suspended || input.desired.deleting)
    return { type, status: 'Unknown', reason: 'AtRest', message: 'Nothing is checked while the sandbox is at rest.' };
  const checks = input.choices.flatMap((choice) => {
    const check = comesUp(choice, views) ? undefined : checkOf(choice.service, input);
    return check === undefined ? [] : [{ choice, check }];
  });
  const coming = input.choices.filter((choice) => comesUp(choice, views)).map(({ service }) => service);
  const later = coming.length === 0 ? '' : ` Not checked yet, as ${coming.length === 1 ? 'its container is' : 'their containers are'} being brought up: ${coming.join(', ')}.`;
  if (checks.length === 0 && later !== '') return { type, status: 'Unknown', reason: 'NotChecked', message: later.trim() };
  if (checks.length === 0)
    return { type, status: 'Unknown', reason: 'NotChecked', message: 'No target of its routes was checked yet.' };
  const lost = checks.filter(({ check }) => !check.ok);
  if (lost.length === 0)
    return { type, status: 'True', reason: 'AllAnswer', message: `Every target that was checked answers.${later}` };
  const asked = lost.filter(({ choice }) => choice.byDefault === undefined);
  const said = [...asked, ...lost.filter(({ choice }) => choice.byDefault)].map(
    ({ choice, check }) => `${choice.service} (${targetWords(choice)}): ${check.message}`,
  );
  if (asked.length > 0) return { type, status: 'False', reason: TARGET_UNREACHABLE, message: `${said.join(' ')}${later}` };
  return { type, status: 'False', reason: 'BaselineUnreachable', message: `Not asked for by this sandbox, but within its gateway's reach: ${said.join(' ')}${later}` };
}

/** No container serves yet because one is being built or started: that it cannot be reached says nothing. */
export function comesUp(choice: Choice, views: readonly ServiceView[]): boolean {
  if (choice.target !== 'sandbox') return false;
  const view = views.find(({ want }) => want.service === choice.service);
  return view !== undefined && view.want.run !== 'stopped' && !view.serving && !view.unhealthy && !view.cancelled && view.state !== 'FAILED' && !view.unknown;
}

function targetWords(choice: Choice): string {
  if (choice.target === 'ocp' || choice.target === 'url') return choice.url;
  return choice.target === 'other-sandbox' ? `sandbox ${choice.sandbox}` : 'its container here';
}

function failedServices(views: readonly ServiceView[]): Finding {
  const failed = views.filter((view) => view.state === 'FAILED');
  if (failed.length === 0)
    return { type: 'Failed', status: 'False', reason: 'NoneFailed', message: 'No service failed.' };
  const said = failed.map((view) => `${view.want.service}: ${view.message ?? 'failed'}`).join(' ');
  return {
    type: 'Failed',
    status: 'True',
    reason: 'ServiceFailed',
    message: `${said} It is tried again when the spec or the commit changes, or when somebody deploys.`,
  };
}

function readiness(input: StatusInput, views: readonly ServiceView[], others: readonly Finding[]): Finding {
  const finding = (status: ConditionStatus, reason: string, message: string): Finding => ({
    type: 'Ready',
    status,
    reason,
    message,
  });
  const [login, blocked, nodes, failed, expiry] = others;
  if (input.desired.deleting) return finding('False', 'Deleting', deletionMessage(input));
  if (nodes?.status === 'False') return finding('Unknown', 'NodeSilent', nodes.message);
  if (input.desired.suspended && expiry?.reason === 'Expired') return finding('False', 'Expired', expiry.message);
  if (input.desired.suspended) return finding('False', 'Suspended', 'The sandbox is suspended; resume it to use it.');
  if (failed?.status === 'True') return finding('False', 'Failed', failed.message);
  if (blocked?.status === 'True') return finding('False', 'Blocked', blocked.message);
  if (login?.status === 'True') return finding('False', 'NeedsLogin', login.message);
  const cancelled = views.find((view) => view.cancelled);
  if (cancelled) return finding('False', 'Cancelled', `${cancelled.want.service}: ${cancelled.message ?? 'cancelled'}`);
  const unhealthy = views.find((view) => view.unhealthy);
  if (unhealthy)
    return finding('False', 'Unhealthy', `${unhealthy.want.service}: ${unhealthy.message ?? 'its health check fails'}`);
  const behind = views.find((view) => view.want.run !== 'stopped' && !(view.reached && view.state === 'RUNNING'));
  if (behind) return finding('False', 'Progressing', `${behind.want.service}: ${behind.message ?? behind.state}`);
  const homes = input.routes.filter((item) => item.home);
  const unrouted = homes.find((item) => !inForce(item, input.desired.ref.uid));
  if (unrouted || homes.length === 0) {
    const step = input.steps.find((item) => item.action === 'route' && !item.aside);
    const edge = unrouted?.owner.state?.edge;
    const why =
      edge && edge.state !== 'ready' ? ` Its edge is ${edge.state}${edge.message ? `: ${edge.message}` : ''}.` : '';
    return finding(
      'False',
      'Routing',
      `The routes are being put in force${unrouted ? ` on ${unrouted.owner.name}` : ''}.${why}${
        step?.waits ? ` It ${step.waits}.` : ''
      }`,
    );
  }
  const late = unreached(input, views);
  if (late !== undefined) return finding('False', 'Routing', late);
  return finding('True', 'AllRunning', 'Everything wanted runs and is routed.');
}

/**
 * An edge may learn of a container later than the agent that made it: until then requests are not served. Answers
 * what is said of it, or undefined when every edge reaches what it should.
 */
export function unreached({ routes, desired }: StatusInput, views: readonly ServiceView[]): string | undefined {
  const wanted = new Set(views.filter((view) => view.want.run !== 'stopped').map((view) => view.want.service));
  for (const { owner } of routes) {
    const service = owner.state?.edge.waiting?.[desired.ref.uid]?.find((name) => wanted.has(name));
    if (service !== undefined) return `The edge of ${owner.name} does not reach the container of ${service} yet.`;
  }
  return undefined;
}

function deletionMessage({ steps, problems }: StatusInput): string {
  const waits = problems[0]?.problem.reason ?? steps[0]?.waits ?? steps[0]?.reason;
  return waits === undefined ? 'The sandbox is being deleted.' : `The sandbox is being deleted: ${waits}`;
}
