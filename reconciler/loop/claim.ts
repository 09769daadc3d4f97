/** Claims ports and subnets in the store, before the commands that need them. */
import { SdpError } from '#schema/errors';
import type { Inputs, Problem } from '../model.ts';
import type { LoopContext } from './context.ts';
import type { Situation } from './survey.ts';

export interface ClaimResult {
  inputs: Inputs;
  problems: { service?: string; problem: Problem }[];
  /** Why a service cannot run yet, by service. */
  unclaimed: Map<string, string>;
}

const POOL_CODES: ReadonlySet<string> = new Set(['port_pool_exhausted', 'subnet_pool_exhausted']);

export async function claimAll(
  loop: LoopContext,
  { inputs, desired, claims, placements }: Situation,
): Promise<ClaimResult> {
  const problems: ClaimResult['problems'] = [];
  const unclaimed = new Map<string, string>();
  const owner = { sandboxUid: desired.ref.uid, sandbox: desired.ref.slug };
  let changed = false;
  for (const node of claims.subnets) {
    const { network } = node;
    if (!network) continue;
    const problem = await tried(() => loop.store.claimSubnet({ engine: node.engine, ...owner }, network));
    changed = true;
    if (!problem) continue;
    problems.push({ problem });
    for (const [service, placement] of placements) {
      if (placement.kind === 'node' && placement.node.engine === node.engine) unclaimed.set(service, problem.reason);
    }
  }
  for (const { service, kind, node, avoid, lost } of claims.ports) {
    const range = node.ports?.[kind];
    if (!range) continue;
    const problem = await tried(async () => {
      const { port } = await loop.store.claimPort({ engine: node.engine, kind, service, ...owner }, range, avoid);
      if (lost === undefined) return;
      const newest = inputs.deployments.find((deployment) => deployment.service === service);
      const text = `Port ${lost} of ${service} on ${node.name} is held by another process now: ${service} has port ${port} instead.`;
      if (newest) loop.announcer.log(newest.id, 'DEPLOY', text);
    });
    changed = true;
    if (!problem) continue;
    problems.push({ service, problem });
    unclaimed.set(service, problem.reason);
  }
  if (!changed) return { inputs, problems, unclaimed };
  const [ports, subnets] = await Promise.all([
    loop.store.ports({ sandboxUid: desired.ref.uid }),
    loop.store.subnets({ sandboxUid: desired.ref.uid }),
  ]);
  return { inputs: { ...inputs, ports, subnets }, problems, unclaimed };
}

/** A full pool is a finding; any other failure is thrown on. */
async function tried(claim: () => Promise<unknown>): Promise<Problem | undefined> {
  try {
    await claim();
    return undefined;
  } catch (thrown) {
    const error = SdpError.from(thrown);
    if (!POOL_CODES.has(error.code)) throw error;
    return { code: error.code, reason: error.message };
  }
}
