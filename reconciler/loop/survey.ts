/** One look at a sandbox: everything that follows from inputs and reports. Pure; shared by passes and previews. */
import type { Attempt } from '#specs/store';
import type { Defaults, FleetNode } from '../contract.ts';
import { desiredOf } from '../desired/wanted.ts';
import { placementOf } from '../desired/placement.ts';
import { diffOf, type Diff } from '../diff/diff.ts';
import type { Desired, Inputs, Placement, Step, World } from '../model.ts';
import { worldOf } from '../observed/world.ts';
import { claimsOf, type Claims } from '../plan/claims.ts';
import { planOf } from '../plan/plan.ts';
import { routeChoices, type Choice } from '../routes/choices.ts';
import { engineRoutes, type EngineRoutes } from '../routes/edge-routes.ts';

export interface Situation {
  inputs: Inputs;
  desired: Desired;
  world: World;
  placements: ReadonlyMap<string, Placement>;
  claims: Claims;
  /** Milliseconds since 1970. */
  now: number;
  /** Address of the control plane as people know it. */
  publicUrl: string | undefined;
}

export interface SituationContext {
  defaults: Defaults;
  publicUrl?: string | undefined;
  now: number;
}

export function situationOf(inputs: Inputs, fleet: readonly FleetNode[], context: SituationContext): Situation {
  const { defaults, publicUrl, now } = context;
  const desired = desiredOf(inputs, defaults);
  const world = worldOf(fleet, inputs.nodeRecords, desired.ref);
  const placements = new Map(
    desired.services.map((want) => [
      want.service,
      placementOf({ want, sandboxSlug: desired.ref.slug, world, ports: inputs.ports, deployments: inputs.deployments }),
    ]),
  );
  return { inputs, desired, world, placements, claims: claimsOf(desired, placements, world, inputs), now, publicUrl };
}

export interface Survey extends Situation {
  choices: Choice[];
  diff: Diff;
  routes: EngineRoutes[];
  steps: Step[];
}

export interface SurveyContext {
  defaults: Defaults;
  /** Failures to count, those that last and those of this process. */
  attempts: readonly Attempt[];
  /** As `loginKey` names them. */
  logins: ReadonlySet<string>;
  /** Why a service cannot run yet although its image may be there, by service. */
  unclaimed: ReadonlyMap<string, string>;
}

export function surveyOf(situation: Situation, context: SurveyContext): Survey {
  const { desired, world, placements, now } = situation;
  const inputs: Inputs = { ...situation.inputs, attempts: context.attempts };
  const { logins, unclaimed, defaults } = context;
  const diff = diffOf({
    desired,
    world,
    placements,
    attempts: inputs.attempts,
    deployments: inputs.deployments,
    logins,
    now,
  });
  const routes = engineRoutes({ ...situation, inputs });
  const steps = planOf({ diff, desired, world, inputs, routes, defaults, unclaimed, now });
  return { ...situation, inputs, choices: routeChoices(inputs, desired), diff, routes, steps };
}
