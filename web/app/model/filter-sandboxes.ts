/** Filters of the list of sandboxes; they live in the address. Pure. */
import type { StoredDocument } from '#schema/documents';
import type { Health } from '#schema/states';

export const HEALTHS = [
  'Healthy',
  'Progressing',
  'Degraded',
  'Unhealthy',
  'Suspended',
  'Unknown',
] as const satisfies readonly Health[];

export interface SandboxFilter {
  /** Words, all of which have to occur. */
  q: string;
  /** `me` or a name; empty: everybody. */
  owner: string;
  health: string;
}

type Sandbox = StoredDocument<'Sandbox'>;

function wordsOf({ metadata, spec }: Sandbox): string {
  const services = Object.entries(spec.services ?? {}).flatMap(([name, { branch }]) => [name, branch ?? '']);
  return [metadata.name, metadata.createdBy, spec.description ?? '', spec.gateway?.branch ?? '', ...services]
    .join(' ')
    .toLowerCase();
}

export function filterSandboxes<T extends Sandbox>(
  sandboxes: readonly T[],
  { q, owner, health }: SandboxFilter,
  me: string
): T[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const wantedOwner = owner === 'me' ? me : owner;
  return sandboxes.filter((sandbox) => {
    if (wantedOwner !== '' && sandbox.metadata.createdBy !== wantedOwner) return false;
    if (health !== '' && (sandbox.status?.health ?? 'Unknown') !== health) return false;
    const text = wordsOf(sandbox);
    return words.every((word) => text.includes(word));
  });
}
