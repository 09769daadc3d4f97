/** What the engine holds of ours, as a report says it. Fails whole: a list in part would read as "removed". */
import { LABELS } from '#schema/names';
import type { ContainerState, ObservedContainer, ObservedImage, ObservedNetwork } from '#schema/wire/report';
import type { EngineState } from '../contract.ts';
import { listContainers, nameOf, type ContainerDetail, type ContainerSummary, type EngineContext, type NetworkDetail } from './context.ts';
import { engineFailed, statusOf } from './engine-api.ts';
import type { HealthMemory } from './health-memory.ts';
import { subnetOf } from './networks.ts';
import { hasOurName, isOfInstallation, isOurContainer, isOurNetwork, type Owner } from './ownership.ts';
import { lastOutput } from './output.ts';

interface ImageSummary {
  Id: string;
  RepoTags: string[] | null;
}

export async function observe(context: EngineContext, health: HealthMemory): Promise<EngineState> {
  try {
    const [{ containers, neighbours }, networks, images] = await Promise.all([
      context.renames.list(() => observeContainers(context, health)),
      context.api.json<NetworkDetail[]>({ method: 'GET', path: '/networks' }),
      context.api.json<ImageSummary[]>({ method: 'GET', path: '/images/json' }),
    ]);
    return {
      containers,
      neighbours,
      networks: observedNetworks(context.owner, networks),
      images: observedImages(images, context.baseImages()),
    };
  } catch (error) {
    throw engineFailed('The containers, networks and images of this node cannot be listed', error);
  }
}

async function observeContainers(
  context: EngineContext,
  health: HealthMemory,
): Promise<Pick<EngineState, 'containers' | 'neighbours'>> {
  const all = await listContainers(context.api, []);
  // The edge is observed by itself (ObservedEdge); here it would read as a container of no sandbox.
  const ours = all.filter((one) => isOurContainer(context.owner, one.Labels) && !one.Labels?.[LABELS.role]);
  const observed = await Promise.all(ours.map((summary) => observeOurs(context, health, summary)));
  const foreign = all.filter((one) => isForeign(context.owner, one)).map(foreignContainer);
  return {
    containers: [...observed.filter((one) => one !== undefined), ...foreign],
    neighbours: all.filter((one) => isNeighbour(context.owner, one)).map(neighbour),
  };
}

async function observeOurs(
  context: EngineContext,
  health: HealthMemory,
  summary: ContainerSummary,
): Promise<ObservedContainer | undefined> {
  const detail = await inspect(context, summary.Id);
  if (!detail) return undefined;
  const output = detail.State.Status === 'running' || detail.State.Status === 'created'
    ? undefined
    : await lastOutput(context, summary.Id).catch((error: unknown) => {
      // Without its output a container is still observed; with an engine that does not answer nothing is.
      if (statusOf(error) === undefined) throw error;
      return undefined;
    });
  return observedContainer(detail, output, await health.of(detail));
}

/** Of this installation, but made by another agent on the same engine: only the edge wants to know where it is. */
function isNeighbour(owner: Owner, { Labels }: ContainerSummary): boolean {
  return isOfInstallation(owner, Labels) && !isOurContainer(owner, Labels) && !Labels?.[LABELS.role];
}

function neighbour(summary: ContainerSummary): ObservedContainer {
  const address = Object.values(summary.NetworkSettings?.Networks ?? {})
    .map((network) => network.IPAddress)
    .find((each) => each !== '');
  return {
    id: summary.Id,
    name: nameOf(summary),
    state: summary.State as ContainerState,
    ...(address === undefined ? {} : { address }),
  };
}

/** Undefined when it went between the listing and this call: then it is truly gone. */
export function inspect(context: EngineContext, id: string, signal?: AbortSignal): Promise<ContainerDetail | undefined> {
  return context.api
    .json<ContainerDetail>({ method: 'GET', path: `/containers/${id}/json`, signal })
    .catch((error: unknown) => {
      if (statusOf(error) === 404) return undefined;
      throw error;
    });
}

/** Under a name of ours, but of nobody in this installation. Another node's container on a shared engine is its business. */
function isForeign(owner: Owner, summary: ContainerSummary): boolean {
  return hasOurName(nameOf(summary)) && !isOfInstallation(owner, summary.Labels);
}

function foreignContainer(summary: ContainerSummary): ObservedContainer {
  return { id: summary.Id, name: nameOf(summary), state: summary.State as ContainerState, foreign: true };
}

export function observedContainer(
  detail: ContainerDetail,
  output: string | undefined,
  health: ObservedContainer['health'],
): ObservedContainer {
  const labels = detail.Config.Labels ?? {};
  const { State } = detail;
  const address = addressOf(detail);
  const text = (name: string): string | undefined => (labels[name] === '' ? undefined : labels[name]);
  const runs = State.Status === 'running' || State.Status === 'paused';
  const all: { [K in keyof ObservedContainer]: ObservedContainer[K] | undefined } = {
    id: detail.Id,
    name: nameOf(detail),
    state: State.Status as ContainerState,
    node: text(LABELS.node),
    sandboxUid: text(LABELS.sandbox),
    service: text(LABELS.service),
    hash: text(LABELS.hash),
    commit: text(LABELS.commit),
    branch: text(LABELS.branch),
    image: text(LABELS.image),
    deployment: text(LABELS.deployment),
    address: runs ? address : undefined,
    startedAt: State.StartedAt.startsWith('0001-') ? undefined : State.StartedAt,
    exitCode: runs || State.Status === 'created' ? undefined : State.ExitCode,
    restarts: detail.RestartCount,
    lastOutput: output,
    health: State.Status === 'running' ? health : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as ObservedContainer;
}

export function addressOf(detail: ContainerDetail): string | undefined {
  const address = Object.values(detail.NetworkSettings.Networks ?? {})[0]?.IPAddress;
  return address === '' ? undefined : address;
}

export function observedNetworks(owner: Owner, networks: readonly NetworkDetail[]): ObservedNetwork[] {
  return networks
    .filter((network) => isOurNetwork(owner, network.Labels) || hasOurName(network.Name))
    .map((network) => {
      const subnet = subnetOf(network);
      const base = { id: network.Id, name: network.Name, ...(subnet === undefined ? {} : { subnet }) };
      if (!isOurNetwork(owner, network.Labels)) return { ...base, foreign: true as const };
      const sandboxUid = network.Labels?.[LABELS.sandbox];
      return { ...base, ...(sandboxUid === undefined ? {} : { sandboxUid }) };
    });
}

export function observedImages(images: readonly ImageSummary[], baseImages: readonly string[]): ObservedImage[] {
  const wanted = new Set(baseImages.map((ref) => (/:[^/]*$/.test(ref) ? ref : `${ref}:latest`)));
  return images.flatMap((image) =>
    (image.RepoTags ?? [])
      .filter((ref) => ref.startsWith('sdp/') || wanted.has(ref))
      .map((ref) => ({ ref, id: image.Id })),
  );
}
