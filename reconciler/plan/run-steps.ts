/** Steps that bring containers up: create, replace, and what comes after a fetch. */
import { containerName, networkName } from '#schema/names';
import type { ContainerSpec } from '#schema/wire/commands';
import { trialKey, type Entry } from '../diff/diff.ts';
import type { Inputs, Step, World } from '../model.ts';
import { trialOf } from '../diff/attempts.ts';
import { nodesOfEngine } from '../observed/world.ts';
import { peersOf, type Peer } from '../upstreams/peers.ts';
import { blockedByOthers, gapReason, startAgain, stopOthers } from './one-at-a-time.ts';
import type { PlanInput } from './plan.ts';

export function runSteps(input: PlanInput): Step[] {
  const { diff, desired, world } = input;
  const steps: Step[] = [];
  const add = (action: 'create' | 'replace', entry: Entry): void => {
    const { target, holder } = entry;
    if (!target) return;
    const step: Step = {
      action,
      service: entry.want.service,
      node: entry.node.name,
      reason: gapReason(entry, input.defaults),
      ...trialKey(entry.want.service, 'run', target.hash, desired.generation),
      healing: entry.healing,
      order: {
        type: 'run',
        sandbox: desired.ref,
        service: entry.want.service,
        generation: desired.generation,
        container: containerOf(entry, input),
        expects: holder?.id ?? null,
      },
    };
    const unclaimed = input.unclaimed.get(entry.want.service);
    if (unclaimed !== undefined) steps.push({ ...step, waits: unclaimed });
    else if (entry.needsBuild) steps.push({ ...step, waits: 'comes after the build' });
    else if (!hasNetwork(entry, networkName(desired.ref.slug), world))
      steps.push({ ...step, waits: 'comes after the network' });
    else if (entry.want.replace === 'recreate') addAlone(step, entry);
    else steps.push(step);
  };
  /** Where two copies must not run at once, those on other engines stop first; they come back when it fails here. */
  const addAlone = (step: Step, entry: Entry): void => {
    const free = trialOf(input.inputs.attempts, step, input.now).kind === 'free';
    const stops = free ? stopOthers(entry, input) : [];
    const waits = free ? blockedByOthers(entry, input) : undefined;
    steps.push(...stops, waits === undefined ? step : { ...step, waits });
    if (!free) steps.push(...startAgain(entry, input));
  };
  for (const entry of diff.create) add('create', entry);
  for (const entry of diff.replace) add('replace', entry);
  for (const entry of diff.fetch) {
    const action = entry.holder ? 'replace' : 'create';
    const run = `run the fetched version of ${entry.want.service}`;
    steps.push(later(action, entry, gapReason({ ...entry, reason: run }, input.defaults)));
  }
  return steps;
}

function peersOfInputs({ catalogue }: Inputs): Peer[] {
  return peersOf([...catalogue].map(([slug, { metadata, spec }]) => [slug, { name: metadata.name, spec }]));
}

/** Variables that a container is given by SDP; people's own win over them. @param port that it listens on */
export function injectedVariables(inputs: Inputs, port: number): Record<string, string> {
  return { PORT: String(port), ...Object.fromEntries(peersOfInputs(inputs).map(({ variable, url }) => [variable, url])) };
}

function containerOf(entry: Entry, { desired, inputs, defaults }: PlanInput): ContainerSpec {
  const { want, target } = entry;
  if (!target) throw new Error(`No target for ${want.service}`);
  const plain = Object.entries(want.variables).flatMap(([name, source]) =>
    source.kind === 'plain' ? [[name, source.value] as const] : [],
  );
  return {
    name: containerName(desired.ref.slug, want.service),
    image: target.image,
    hash: target.hash,
    commit: target.commit,
    branch: target.branch,
    network: networkName(desired.ref.slug),
    variables: Object.fromEntries(plain),
    injected: injectedVariables(inputs, want.port),
    edgeHosts: peersOfInputs(inputs).map(({ host }) => host),
    files: want.upstreams ? { ...want.files, [want.upstreams.file.path]: want.upstreams.content } : want.files,
    port: want.port,
    ...(want.health === undefined ? {} : { health: want.health }),
    kind: target.build,
    ...want.limits,
    replace: want.replace,
    startSeconds: defaults.startSeconds,
    drainSeconds: want.drainSeconds ?? defaults.drainSeconds,
  };
}

/** A step that is shown, and made only when the fetch is done. */
export function later(action: Step['action'], entry: Entry, reason: string): Step {
  const { service } = entry.want;
  return {
    action,
    service,
    node: entry.node.name,
    reason,
    key: service,
    kind: action,
    subject: '',
    input: '',
    waits: 'comes after the fetch',
  };
}

/** Whether the sandbox's network is on the entry's engine. */
export function hasNetwork(entry: Entry, name: string, world: World): boolean {
  const nodes = nodesOfEngine(world, entry.node.engine).filter((node) => node.online);
  return nodes.some((node) => node.networks.some((network) => !network.foreign && network.name === name));
}
