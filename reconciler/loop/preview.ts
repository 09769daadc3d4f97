/** The plan that drafts would lead to, without writing. */
import type { Draft } from '#schema/documents';
import type { PlanView } from '#schema/http';
import type { PortAllocation, Resolution, SubnetAllocation } from '#schema/records';
import type { CarriedResolution } from '#specs/store';
import type { Inputs } from '../model.ts';
import { claimsOf, fullPools, releasablePorts } from '../plan/claims.ts';
import { planView } from '../plan/view.ts';
import { vainDelays } from '../routes/faults.ts';
import type { LoopContext } from './context.ts';
import { noSandbox } from './no-sandbox.ts';
import { overlay } from './overlay.ts';
import { readInputs } from './read-inputs.ts';
import { situationOf, surveyOf, type Situation } from './survey.ts';

export interface PreviewRequest {
  drafts: readonly Draft[];
  slug: string;
  user: string;
  /** What the write would carry: commits of a rollback, requests of `deploy`. */
  carried: readonly CarriedResolution[];
}

export async function previewPlan(loop: LoopContext, request: PreviewRequest): Promise<PlanView> {
  const { drafts, slug, user } = request;
  const now = loop.clock.now();
  const at = new Date(now).toISOString();
  const documents = overlay(loop.store, drafts, user, at);
  const found = await readInputs(documents, loop.store, () => documents.get('Sandbox', slug));
  if (!found) throw noSandbox(slug);
  const { uid, generation } = found.sandbox.metadata;
  const made = { sandboxUid: uid, generation: generation + 1, resolvedAt: at, resolvedBy: user };
  const carried = request.carried.map((row): Resolution => ({ ...row, ...made }));
  const inputs: Inputs = { ...found, resolutions: [...found.resolutions, ...carried] };
  const fleet = loop.fleet.nodes();
  const situation = situationOf(inputs, fleet, { ...loop, now });
  const survey = surveyOf(
    { ...situation, inputs: asIfClaimed(situation) },
    {
      defaults: loop.defaults,
      attempts: inputs.attempts,
      logins: loop.logins.keysFor(situation.desired, inputs.deployments),
      unclaimed: new Map(),
    },
  );
  const reporting = fleet.some((node) => node.online && node.state !== undefined);
  return planView({
    desired: survey.desired,
    diff: survey.diff,
    steps: survey.steps,
    claims: claimsOf(survey.desired, survey.placements, survey.world, inputs),
    releases: releasablePorts(survey.desired, survey.placements, survey.world, inputs.ports),
    problems: await poolsBefore(loop, situation),
    warnings: [
      ...(reporting ? [] : ['No node reports at the moment, so this plan knows only what the documents say.']),
      ...vainDelays(survey.routes).values(),
    ],
  });
}

/** Reads what others have only when something is to be claimed. */
async function poolsBefore(loop: LoopContext, { claims }: Situation): Promise<ReturnType<typeof fullPools>> {
  if (claims.ports.length === 0 && claims.subnets.length === 0) return [];
  const [ports, personal, subnets] = await Promise.all([loop.store.ports(), loop.store.personalPorts(), loop.store.subnets()]);
  return fullPools(claims, { ports: [...ports, ...personal], subnets });
}

/** Stands in for what would be claimed, so that the routes that follow can be shown. */
function asIfClaimed({ inputs, desired, claims }: Situation): Inputs {
  const owner = { sandboxUid: desired.ref.uid, sandbox: desired.ref.slug, allocatedAt: '' };
  const lost = new Set(claims.ports.map((claim) => `${claim.node.engine}/${claim.lost}`));
  const ports = claims.ports.map(
    (claim, index): PortAllocation => ({
      ...owner,
      engine: claim.node.engine,
      service: claim.service,
      kind: claim.kind,
      port: -1 - index,
    }),
  );
  const subnets = claims.subnets.map((node): SubnetAllocation => ({ ...owner, engine: node.engine, subnet: '' }));
  return {
    ...inputs,
    ports: [...inputs.ports.filter((port) => !lost.has(`${port.engine}/${port.port}`)), ...ports],
    subnets: [...inputs.subnets, ...subnets],
  };
}
