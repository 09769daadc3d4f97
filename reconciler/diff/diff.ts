/** Desired against observed: named sets. No I/O, no clock, no random. */
import { containerName } from '#schema/names';
import type { Deployment } from '#schema/records';
import type { ObservedContainer } from '#schema/wire/report';
import type { Attempt } from '#specs/store';
import type { Desired, NodeWorld, Placement, Problem, Target, WantedService, World } from '../model.ts';
import { nodesOfEngine, onlineNodes, ownContainers } from '../observed/world.ts';
import { trialOf } from './attempts.ts';
import { removals, type Removal } from './removals.ts';
import { hasImage, targetOf } from './target.ts';

/** One service and what is to become of it. */
export interface Entry {
  want: WantedService;
  node: NodeWorld;
  /** Container of ours under the canonical name on that engine. */
  holder: ObservedContainer | undefined;
  target: Target | undefined;
  reason: string;
  /** It had been reached before: not a rollout. */
  healing: boolean;
  /** The image is not there yet. */
  needsBuild: boolean;
}

export interface FetchEntry extends Entry {
  /** Key of the fetch; another key is another fetch. */
  key: string;
  fetch: { branch: string } | { commit: string };
  askedBy: string;
  /** The person has no usable login: it rests until there is one (C6). */
  needsLogin: boolean;
}

export interface Diff {
  /** A branch has to become a commit, or a commit has to come to the node. */
  fetch: FetchEntry[];
  create: Entry[];
  replace: Entry[];
  /** Exists as wanted, but does not run. */
  start: Entry[];
  /** Runs, but should be stopped. */
  stop: (Entry & { holder: ObservedContainer })[];
  keep: Entry[];
  remove: Removal[];
  blocked: { want?: WantedService; problem: Problem }[];
  unknown: { want: WantedService; node: string; reason: string }[];
}

export interface DiffInput {
  desired: Desired;
  world: World;
  placements: ReadonlyMap<string, Placement>;
  attempts: readonly Attempt[];
  /** Newest first. */
  deployments: readonly Deployment[];
  /** Logins that can fetch, as `loginKey` names them. */
  logins: ReadonlySet<string>;
  now: number;
}

/** A person's login as far as one fetch is concerned: a server may refuse it for one and not for another. */
export function loginKey(user: string, fetchKey: string): string {
  return `${user} ${fetchKey}`;
}

/** Key of the fetch that brings a known commit to a node. */
export function commitFetchKey(repository: string, commit: string): string {
  return `${repository}@${commit}`;
}

export function diffOf(input: DiffInput): Diff {
  const diff: Diff = {
    fetch: [],
    create: [],
    replace: [],
    start: [],
    stop: [],
    keep: [],
    remove: [],
    blocked: [],
    unknown: [],
  };
  for (const want of input.desired.services) {
    const placement = input.placements.get(want.service);
    if (!placement || stopRunning(diff, input, want, placement)) continue;
    if (placement.kind === 'unknown') diff.unknown.push({ want, node: placement.node, reason: placement.reason });
    else if (placement.kind === 'blocked') diff.blocked.push({ want, problem: placement.problem });
    else place(diff, input, want, placement.node);
  }
  diff.remove = removals(input, diff);
  return diff;
}

/** A service at rest needs nothing but that its containers do not run. Answers whether that is so here. */
function stopRunning(diff: Diff, input: DiffInput, want: WantedService, placement: Placement): boolean {
  const { desired, world } = input;
  if (!desired.suspended && want.run !== 'stopped') return false;
  const reason = desired.suspended ? 'the sandbox is suspended' : 'the service is stopped';
  const own = ownContainers(onlineNodes(world)).filter(({ container }) => container.service === want.service);
  const base = { want, target: undefined, reason, healing: false, needsBuild: false };
  for (const { node, container } of own) {
    if (isUp(container)) diff.stop.push({ ...base, node, holder: container });
  }
  if (placement.kind === 'unknown') diff.unknown.push({ want, node: placement.node, reason: placement.reason });
  else if (placement.kind === 'node' && !own.some(({ container }) => isUp(container))) {
    diff.keep.push({ ...base, node: placement.node, holder: own[0]?.container });
  }
  return true;
}

function place(diff: Diff, input: DiffInput, want: WantedService, node: NodeWorld): void {
  const { desired, world } = input;
  const name = containerName(desired.ref.slug, want.service);
  const onEngine = nodesOfEngine(world, node.engine).filter((item) => item.online);
  const holder = ownContainers(onEngine).find(({ container }) => container.name === name)?.container;
  const base = { want, node, holder, target: undefined, healing: false, needsBuild: false };
  const foreign = onEngine.flatMap((item) => item.containers).find((item) => item.foreign && item.name === name);
  if (foreign)
    return block(
      diff,
      want,
      'name_blocked',
      `A container ${name} on ${node.name} was not made by this installation; rename or remove it.`,
    );
  const foreignNetwork = onEngine.flatMap((item) => item.networks).find((item) => item.foreign);
  if (foreignNetwork && !holder) {
    return block(
      diff,
      want,
      'name_blocked',
      `A network ${foreignNetwork.name} on ${node.name} was not made by this installation; remove it.`,
    );
  }
  if (want.problem) return block(diff, want, want.problem.code, want.problem.reason);
  const repository = node.state?.repositories.find((item) => item.name === want.repository);
  if (!repository) {
    return block(
      diff,
      want,
      'unknown_repository',
      `The node ${node.name} has no repository ${want.repository}; add it to its agent's file.`,
    );
  }
  const { source } = want;
  if (source.kind === 'fetch') {
    const needsLogin = !input.logins.has(loginKey(source.askedBy, source.key));
    const entry: FetchEntry = {
      ...base,
      key: source.key,
      fetch: { branch: source.branch },
      askedBy: source.askedBy,
      needsLogin,
      reason: fetchReason(want, source.branch),
    };
    diff.fetch.push(entry);
    const stuck =
      needsLogin ||
      trialOf(input.attempts, trialKey(want.service, 'fetch', source.key, desired.generation), input.now).kind ===
        'gaveUp';
    // What ran before needs neither fetch nor login to come back.
    if (stuck && source.former && !(holder && isUp(holder))) heal(diff, input, want, node, holder, source.former);
    return;
  }
  settle(diff, input, want, node, holder, source);
}

/** How a step of a service is known among the failed attempts: a new generation starts at zero. */
export function trialKey(service: string, kind: string, subject: string, generation: number): TrialKey {
  return { key: service, kind, subject, input: `${subject} g${generation}` };
}

export interface TrialKey {
  key: string;
  kind: string;
  subject: string;
  input: string;
}

function fetchReason(want: WantedService, branch: string): string {
  return `find the newest commit of ${branch} for ${want.service}`;
}

function heal(
  diff: Diff,
  input: DiffInput,
  want: WantedService,
  node: NodeWorld,
  holder: ObservedContainer | undefined,
  former: { commit: string; branch: string },
): void {
  const target = targetOf(want, former, node);
  if (!target) return;
  const needsBuild = !hasImage(input.world, node.engine, target.image);
  const base = { want, node, holder, target, healing: true, needsBuild };
  if (holder?.state === 'exited' || holder?.state === 'paused') {
    diff.start.push({ ...base, reason: 'the former version stopped, and the new one is not there yet' });
  } else if (!holder) {
    diff.create.push({ ...base, reason: 'the former version is gone, and the new one is not there yet' });
  }
}

function settle(
  diff: Diff,
  input: DiffInput,
  want: WantedService,
  node: NodeWorld,
  holder: ObservedContainer | undefined,
  source: { commit: string; branch: string },
): void {
  const target = targetOf(want, source, node);
  if (!target) return;
  const newest = input.deployments.find((deployment) => deployment.service === want.service);
  const healing = newest?.state === 'RUNNING' && newest.hash === target.hash;
  const needsBuild = !hasImage(input.world, node.engine, target.image);
  const base = { want, node, holder, target, healing, needsBuild };
  if (holder?.hash === target.hash) {
    if (isUp(holder)) return void diff.keep.push({ ...base, reason: 'runs as wanted' });
    if (holder.state === 'exited' || holder.state === 'paused') {
      return void diff.start.push({ ...base, reason: `its container is ${holder.state}` });
    }
  }
  const repository = node.state?.repositories.find((item) => item.name === want.repository);
  if (needsBuild && repository?.problem !== undefined) {
    return block(
      diff,
      want,
      'unavailable',
      `${want.repository} cannot be built on ${node.name}: ${repository.problem}`,
    );
  }
  const build = trialKey(want.service, 'build', target.image, input.desired.generation);
  const missing = input.attempts.find(
    (item) =>
      item.service === build.key &&
      item.step === 'build' &&
      item.input === build.input &&
      item.code === 'missing_commit',
  );
  if (needsBuild && missing && missing.nextAt !== undefined) {
    const askedBy = askerOf(want, input);
    const key = commitFetchKey(want.repository, target.commit);
    diff.fetch.push({
      ...base,
      key,
      fetch: { commit: target.commit },
      askedBy,
      needsLogin: !input.logins.has(loginKey(askedBy, key)),
      reason: `bring the commit ${short(target.commit)} to ${node.name}`,
    });
    return;
  }
  if (holder && holder.hash !== target.hash) {
    diff.replace.push({ ...base, reason: replaceReason(holder, target) });
    if (!isUp(holder) && !healing && stuck(input, want, target, needsBuild)) {
      diff.start.push({ ...base, healing: true, reason: 'the former version stopped, and no newer one takes its place' });
    }
    return;
  }
  diff.create.push({ ...base, reason: healing ? 'its container is gone' : 'it is wanted and nothing runs' });
}

/** The way to this target was given up or cancelled. */
function stuck({ attempts, desired, now }: DiffInput, { service }: WantedService, { image, hash }: Target, needsBuild: boolean): boolean {
  const keys = [...(needsBuild ? [trialKey(service, 'build', image, desired.generation)] : []), trialKey(service, 'run', hash, desired.generation)];
  return keys.some((key) => trialOf(attempts, key, now).kind === 'gaveUp');
}

function askerOf(want: WantedService, input: DiffInput): string {
  const open = input.deployments.find((deployment) => deployment.service === want.service);
  return open?.user ?? input.desired.changedBy;
}

function replaceReason(holder: ObservedContainer, target: Target): string {
  if (holder.commit !== target.commit) {
    return `commit ${short(target.commit)} takes the place of ${short(holder.commit ?? 'an unknown one')}`;
  }
  return 'its configuration, variables or build changed';
}

function short(commit: string): string {
  return /^[0-9a-f]{40,}$/.test(commit) ? commit.slice(0, 8) : commit;
}

function block(diff: Diff, want: WantedService, code: Problem['code'], reason: string): void {
  diff.blocked.push({ want, problem: { code, reason } });
}

/** The engine runs it, or is about to restart it by itself. */
export function isUp(container: ObservedContainer): boolean {
  return container.state === 'running' || container.state === 'restarting';
}
