/** Everything that documents may refer to, as it would be after an apply. */
import type { Draft, Kind, RouteSpec, SandboxSpec, ServiceSpec, SpecOf, TemplateSpec, UpstreamsFile } from '#schema/documents';
import { slugOf } from '#schema/names';
import type { Fleet, FleetNode } from '#reconciler/contract';
import type { DocumentStore, Removal } from '#specs/store';

export interface CatalogueEntry {
  name: string;
  repository: string;
  urlVariable?: string;
  upstreamsFile?: UpstreamsFile;
}

/** Names as people wrote them, by slug. */
export interface World {
  services: ReadonlyMap<string, CatalogueEntry>;
  /** The catalogue before the apply; read only when a Service is written. */
  storedServices: ReadonlyMap<string, CatalogueEntry>;
  /** Read only when a Service is written. */
  templates: ReadonlyMap<string, { name: string; spec: TemplateSpec }>;
  environments: ReadonlyMap<string, { name: string }>;
  sandboxes: ReadonlyMap<string, { name: string; spec: SandboxSpec }>;
  /** Repositories that agents have; undefined while not every known agent has reported: unknown is not absent. */
  repositories: ReadonlySet<string> | undefined;
  /** Read only when they matter to a draft. */
  routes: ReadonlyMap<string, { name: string; spec: RouteSpec }>;
  /** Routes as they are before the apply; read only when they matter. */
  storedRoutes: ReadonlyMap<string, RouteSpec>;
  /** Addresses of the control plane. */
  ownUrls: readonly string[];
  nodes: readonly FleetNode[];
  /** Milliseconds since 1970. */
  now: number;
}

/** What is no document. */
export interface Surroundings {
  fleet: Pick<Fleet, 'nodes'>;
  ownUrls: readonly string[];
  now: number;
}

type Named<K extends Kind> = Map<string, { name: string; spec: SpecOf[K] }>;

async function withDrafts<K extends Kind>(store: Pick<DocumentStore, 'list'>, kind: K, drafts: readonly Draft[], removals: readonly Removal[] = []): Promise<Named<K>> {
  const named: Named<K> = new Map();
  for (const { metadata, spec } of await store.list(kind)) {
    if (metadata.deletedAt === undefined) named.set(metadata.slug, { name: metadata.name, spec: spec as SpecOf[K] });
  }
  for (const { kind: other, name } of removals) if (other === kind) named.delete(slugOf(name));
  for (const { kind: other, metadata, spec } of drafts) {
    if (other === kind) named.set(slugOf(metadata.name), { name: metadata.name, spec: spec as SpecOf[K] });
  }
  return named;
}

export function repositoriesOf(fleet: Pick<Fleet, 'nodes'>): Set<string> | undefined {
  const nodes = fleet.nodes();
  if (nodes.length === 0 || nodes.some((node) => node.state === undefined)) return undefined;
  return new Set(nodes.flatMap((node) => node.state?.repositories.map((repository) => repository.name) ?? []));
}

function entriesOf(services: Named<'Service'>): Map<string, CatalogueEntry> {
  const entry = (slug: string, { name, spec }: { name: string; spec: ServiceSpec }): CatalogueEntry => ({
    name,
    repository: spec.repository ?? slug,
    ...(spec.urlVariable === undefined ? {} : { urlVariable: spec.urlVariable }),
    ...(spec.upstreamsFile === undefined ? {} : { upstreamsFile: spec.upstreamsFile }),
  });
  return new Map([...services].map(([slug, named]) => [slug, entry(slug, named)]));
}

/** Whether other routes, or those of before, decide what may be written: circles and ends of faults. */
function asksForRoutes(draft: Draft): boolean {
  if (draft.kind !== 'Route') return false;
  return Object.values(draft.spec.routes).some(({ target, fault }) => typeof target === 'object' || fault?.until !== undefined);
}

/** @throws whatever the store throws: what cannot be read is never taken for missing */
export async function worldAfter(store: Pick<DocumentStore, 'list'>, { fleet, ownUrls, now }: Surroundings, drafts: readonly Draft[], removals: readonly Removal[] = []): Promise<World> {
  const services = await withDrafts(store, 'Service', drafts, removals);
  // A plain flip needs no other routes, and is not to wait for them.
  const asks = drafts.some(asksForRoutes);
  const catalogued = drafts.some(({ kind }) => kind === 'Service');
  return {
    routes: asks ? await withDrafts(store, 'Route', drafts, removals) : new Map(),
    storedRoutes: new Map(asks ? [...(await withDrafts(store, 'Route', []))].map(([slug, { spec }]) => [slug, spec]) : []),
    ownUrls,
    nodes: fleet.nodes(),
    now,
    services: entriesOf(services),
    storedServices: catalogued ? entriesOf(await withDrafts(store, 'Service', [])) : new Map(),
    templates: catalogued ? await withDrafts(store, 'Template', drafts, removals) : new Map(),
    environments: await withDrafts(store, 'Environment', drafts, removals),
    sandboxes: await withDrafts(store, 'Sandbox', drafts, removals),
    repositories: repositoriesOf(fleet),
  };
}
