/** A plan as people see it before they save. */
import type { PlanStep, PlanView } from '#schema/http';
import type { Diff } from '../diff/diff.ts';
import type { Claims } from './claims.ts';
import type { Desired, Problem, Step } from '../model.ts';

export interface ViewInput {
  desired: Desired;
  diff: Diff;
  steps: readonly Step[];
  claims: Claims;
  /** Ports that it would give back. */
  releases: readonly { service: string; port: number }[];
  problems: readonly { service?: string; problem: Problem }[];
  warnings: readonly string[];
}

export function planView(input: ViewInput): PlanView {
  const { desired, diff, claims } = input;
  const claimSteps = [
    ...claims.subnets.map(
      (node): PlanStep => ({ action: 'claim', node: node.name, reason: 'claim a subnet for the sandbox' }),
    ),
    ...claims.ports.map(
      (claim): PlanStep => ({
        action: 'claim',
        service: claim.service,
        node: claim.node.name,
        reason:
          claim.lost === undefined
            ? `claim a ${claim.kind} port`
            : `port ${claim.lost} is held by a foreign process; claim another`,
      }),
    ),
  ];
  const steps = input.steps.map(
    (step): PlanStep => ({
      action: step.action,
      ...(step.service === undefined ? {} : { service: step.service }),
      ...(step.node === undefined ? {} : { node: step.node }),
      reason: step.reason,
    }),
  );
  const releases = input.releases.map(
    (port): PlanStep => ({
      action: 'release',
      service: port.service,
      reason: `port ${port.port} is not needed any more`,
    }),
  );
  return {
    sandbox: desired.ref.name,
    steps: [...claimSteps, ...steps, ...releases],
    keep: diff.keep.map((entry) => entry.want.service),
    blocked: [
      ...input.problems.map(({ service, problem }) => ({
        ...(service === undefined ? {} : { service }),
        code: problem.code,
        reason: problem.reason,
      })),
      ...diff.blocked.map(({ want, problem }) => ({
        ...(want === undefined ? {} : { service: want.service }),
        code: problem.code,
        reason: problem.reason,
      })),
      ...diff.unknown.map(({ want, reason }) => ({ service: want.service, code: 'node_offline', reason })),
      ...diff.fetch
        .filter((entry) => entry.needsLogin)
        .map((entry) => ({
          service: entry.want.service,
          code: 'needs_login',
          reason: `${entry.want.service} has to be fetched, and ${entry.askedBy} has no login that can; log in.`,
        })),
    ],
    warnings: [...input.warnings, ...desired.services.flatMap((want) => want.warnings)],
  };
}
