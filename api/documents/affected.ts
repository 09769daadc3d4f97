/** Which sandboxes documents change that they do not name: those that use an environment or a catalogue entry. Pure. */
import type { Draft, StoredDocument } from '#schema/documents';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import { environmentsOf } from '#reconciler/desired/environments-of';

/** Slugs of the sandboxes that drafts are, or are routes of. */
export function affectedSandboxes(drafts: readonly Draft[]): string[] {
  const own = drafts.filter((draft) => draft.kind === 'Sandbox' || draft.kind === 'Route');
  return [...new Set(own.map((draft) => slugOf(draft.metadata.name)))];
}

/** Whether many sandboxes may use it. */
export function isShared(draft: Draft): boolean {
  return draft.kind === 'Environment' || draft.kind === 'Service';
}

/**
 * Slugs of the sandboxes that use a shared draft, in their order.
 * @param catalogue as it is stored: a change of an entry in the same apply has users of its own
 */
export function usersOf(draft: Draft, sandboxes: readonly StoredDocument<'Sandbox'>[], catalogue: readonly StoredDocument<'Service'>[]): string[] {
  const slug = slugOf(draft.metadata.name);
  const entries = new Map(catalogue.map((service) => [service.metadata.slug, service]));
  const uses = ({ spec }: StoredDocument<'Sandbox'>): boolean =>
    draft.kind === 'Environment'
      ? environmentsOf(spec, entries).has(slug)
      : slug === GATEWAY_SERVICE || Object.keys(spec.services ?? {}).some((name) => slugOf(name) === slug);
  return sandboxes.filter((sandbox) => sandbox.metadata.deletedAt === undefined && uses(sandbox)).map(({ metadata }) => metadata.slug);
}
