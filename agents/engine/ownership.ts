/** Who made a container or network. Only what carries our installation's id is ever touched. */
import { LABELS } from '#schema/names';

export interface Owner {
  installation: string;
  node: string;
}

/**
 * A container of this installation. Images carry the installation too and hand their labels on to any container
 * that somebody starts from one by hand, so that label alone proves nothing: the node label is never on an image.
 */
export function isOfInstallation(owner: Owner, labels: Record<string, string> | null | undefined): boolean {
  return labels?.[LABELS.installation] === owner.installation && labels[LABELS.node] !== undefined;
}

/** A container that this node's agent made: agents sharing an engine touch only their own. */
export function isOurContainer(owner: Owner, labels: Record<string, string> | null | undefined): boolean {
  return isOfInstallation(owner, labels) && labels?.[LABELS.node] === owner.node;
}

/** Networks belong to the engine, whichever agent made them. */
export function isOurNetwork(owner: Owner, labels: Record<string, string> | null | undefined): boolean {
  return labels?.[LABELS.installation] === owner.installation;
}

/** Names that only SDP gives (G2). */
export function hasOurName(name: string): boolean {
  return name.startsWith('sandbox-');
}

/** Beside the old one, until it has proved itself. */
export function nextName(canonical: string, hash: string): string {
  return `${canonical}.next-${hash.replace(/^v\d+:/, '').replace(/[^A-Za-z0-9]/g, '').slice(0, 8)}`;
}

/**
 * Replaced, and serving what it still has open. The name holds when that began, so that whoever goes on with the drain
 * after a restart knows what is left of it. @param at milliseconds since 1970
 */
export function oldName(canonical: string, id: string, at: number): string {
  return `${canonical}.old-${id.slice(0, 8)}-${Math.floor(at)}`;
}

/** Milliseconds since 1970 at which the container of this name was replaced; undefined: it does not say. */
export function replacedAtOf(name: string): number | undefined {
  const at = /\.old-[0-9a-f]+-(\d+)$/.exec(name)?.[1];
  return at === undefined ? undefined : Number(at);
}

export function isNextName(name: string): boolean {
  return /\.next-[A-Za-z0-9]+$/.test(name);
}

export function isOldName(name: string): boolean {
  return /\.old-[0-9a-f]+(-\d+)?$/.test(name);
}
