/** Containers by canonical name, from a report or straight from the engine. */
import type Docker from 'dockerode';
import { LABELS } from '#schema/names';
import type { ObservedContainer } from '#schema/wire/report';
import type { KnownContainer } from './compute-maps.ts';

/** How a container is called while it waits to take over (see the engine's replacement). */
const NEXT = /^(.+)\.next-[A-Za-z0-9]+$/;

export function knownContainers(containers: readonly ObservedContainer[]): Map<string, KnownContainer> {
  const known = new Map<string, KnownContainer>();
  for (const container of containers) {
    if (container.foreign) continue;
    known.set(container.name, { state: container.state, address: container.address });
  }
  // Between the two renames of a replacement nobody holds the canonical name: requests go to the new one already.
  for (const [name, container] of [...known]) {
    const canonical = NEXT.exec(name)?.[1];
    const replaced = canonical !== undefined && [...known.keys()].some((other) => other.startsWith(`${canonical}.old-`));
    if (canonical !== undefined && replaced && !known.has(canonical)) known.set(canonical, container);
  }
  return known;
}

/** For the moment after a start, when no report has been made yet. */
export async function containersOf(docker: Docker, installation: string): Promise<Map<string, KnownContainer>> {
  const all = await docker.listContainers({ all: true, filters: { label: [`${LABELS.installation}=${installation}`, LABELS.sandbox] } });
  const known = new Map<string, KnownContainer>();
  for (const container of all) {
    const networks = Object.values(container.NetworkSettings?.Networks ?? {});
    const address = networks.map((network) => network.IPAddress).find((each) => each !== '');
    for (const name of container.Names) known.set(name.replace(/^\//, ''), { state: container.State, address });
  }
  return known;
}
