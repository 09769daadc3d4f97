/** Looks at every node: is it there, does its edge run, does it reach each baseline, is its pool free for sandboxes. */
import { SdpError } from '#schema/errors';
import type { DoctorFinding, DoctorNode, DoctorView } from '#schema/http';
import type { BaselineCheck, CommandResultOf, DoctorCommand } from '#schema/wire/commands';
import type { Clock, Fleet, FleetNode } from '#reconciler/contract';
import type { DocumentStore } from '#specs/store';
import { askNode } from '../hub/ask-node.ts';
import { edgeFindings, poolFindings } from './findings.ts';

export interface DoctorDeps {
  fleet: Pick<Fleet, 'nodes' | 'send'>;
  store: Pick<DocumentStore, 'list'>;
  clock: Clock;
  epoch: number;
}

/** Milliseconds for all baselines of the catalogue on one node. */
const EXAMINE_MS = 60_000;

/** Never fails because of a node: what is wrong with one is its finding. */
export async function examine(deps: DoctorDeps): Promise<DoctorView> {
  const services = await deps.store.list('Service');
  const baselines = services.map(({ metadata, spec }) => ({
    service: metadata.slug,
    url: spec.baseline,
    ...(spec.health === undefined ? {} : { health: spec.health }),
  }));
  const nodes = await Promise.all(deps.fleet.nodes().map((node) => examineNode(deps, node, baselines)));
  return { ok: nodes.every(({ ok }) => ok), at: new Date(deps.clock.now()).toISOString(), nodes };
}

async function examineNode(deps: DoctorDeps, node: FleetNode, baselines: DoctorCommand['baselines']): Promise<DoctorNode> {
  const { name } = node.hello.node;
  const findings: DoctorFinding[] = [];
  let checks: BaselineCheck[] = [];
  if (!node.online) {
    findings.push({ level: 'failed', message: `It is offline since ${node.lastSeenAt}. Start its agent, or give it up with \`sdp nodes forget ${name}\`.` });
  } else {
    findings.push(...edgeFindings(node));
    const owner = ownerBeside(deps.fleet.nodes(), node);
    if (owner === undefined) {
      findings.push(...(node.state?.edge.owner === true ? [] : [{ level: 'failed' as const, message: 'No agent of its engine runs an edge now: nothing could be checked.' }]));
    } else if (owner !== node) {
      // The same host: what its edge reaches, this one reaches.
      findings.push({ level: 'warning', message: `It shares its engine with ${owner.hello.node.name}, which runs the edge and was checked.` });
    }
    if (owner === node) {
      const answer = await ask(deps, node, baselines);
      if (answer instanceof SdpError) {
        findings.push({ level: 'failed', message: [answer.message, answer.hint].filter((text) => text !== undefined).join(' ') });
      } else {
        checks = answer.baselines;
        const addresses = new Map(deps.fleet.nodes().map(({ hello }) => [hello.node.name, hello.node.address]));
        findings.push(...poolFindings(answer, addresses));
      }
    }
  }
  const ok = findings.every(({ level }) => level !== 'failed') && checks.every((check) => check.ok);
  return { node: name, ok, online: node.online, pool: node.hello.network.pool, findings, baselines: checks };
}

function ownerBeside(nodes: readonly FleetNode[], node: FleetNode): FleetNode | undefined {
  if (node.state?.edge.owner === true) return node;
  return nodes.find((other) => other.online && other.hello.engine.id === node.hello.engine.id && other.state?.edge.owner === true);
}

async function ask(deps: DoctorDeps, node: FleetNode, baselines: DoctorCommand['baselines']): Promise<CommandResultOf['doctor'] | SdpError> {
  try {
    return await askNode(deps, node, EXAMINE_MS, { type: 'doctor', baselines });
  } catch (thrown) {
    return SdpError.from(thrown);
  }
}
