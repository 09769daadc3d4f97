/** Who else uses an environment. */
import { slugOf } from '#schema/names';
import { environmentsOf } from '#reconciler/desired/environments-of';
import type { DocumentStore } from '#specs/store';

/** Users of each environment other than one sandbox, by slug: sandboxes that stay, and the catalogue. */
export async function otherUsers(store: Pick<DocumentStore, 'list'>, exceptSlug: string): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  const use = (slug: string, user: string): void => void users.set(slug, [...(users.get(slug) ?? []), user]);
  const services = await store.list('Service');
  const catalogue = new Map(services.map((service) => [service.metadata.slug, service]));
  for (const { metadata, spec } of await store.list('Sandbox')) {
    if (metadata.slug === exceptSlug || metadata.deletedAt !== undefined) continue;
    for (const slug of environmentsOf(spec, catalogue).keys()) use(slug, `Sandbox "${metadata.name}"`);
  }
  for (const { metadata, spec } of services) {
    for (const slug of new Set((spec.environments ?? []).map(slugOf))) use(slug, `Service "${metadata.name}"`);
  }
  return users;
}
