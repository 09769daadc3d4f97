/** What others refer to is not deleted under them. */
import type { StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { slugOf } from '#schema/names';
import type { DocumentStore } from '#specs/store';

/** Names of services and environments that a spec refers to, as slugs. Templates may hold questions instead of names. */
function refersTo(spec: StoredDocument<'Sandbox'>['spec'], kind: 'Service' | 'Environment', slug: string): boolean {
  const names =
    kind === 'Service'
      ? Object.keys(spec.services ?? {})
      : [
          ...(spec.environments ?? []),
          ...(spec.gateway?.environments ?? []),
          ...Object.values(spec.services ?? {}).flatMap((service) => service.environments ?? []),
        ];
  return names.some((name) => !name.includes('{{') && slugOf(name) === slug);
}

/** @throws SdpError invalid_request naming the sandboxes and templates that use it */
export async function assertUnused(store: Pick<DocumentStore, 'list'>, document: StoredDocument): Promise<void> {
  const { kind, metadata } = document;
  if (kind !== 'Service' && kind !== 'Environment') return;
  const users = [...(await store.list('Sandbox')), ...(await store.list('Template'))]
    .filter((other) => other.metadata.deletedAt === undefined && refersTo(other.spec, kind, metadata.slug))
    .map((other) => `${other.kind.toLowerCase()} ${other.metadata.name}`);
  if (kind === 'Environment') {
    const services = (await store.list('Service')).filter((service) =>
      (service.spec.environments ?? []).some((name) => slugOf(name) === metadata.slug),
    );
    users.push(...services.map((service) => `service ${service.metadata.name}`));
  }
  if (users.length === 0) return;
  throw new SdpError('invalid_request', `${kind} "${metadata.name}" is in use by ${users.slice(0, 5).join(', ')}${users.length > 5 ? ', ...' : ''}.`, {
    hint: 'Take it out of them first.',
  });
}
