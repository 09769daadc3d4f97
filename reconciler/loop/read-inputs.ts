/** Reads all that one pass over a sandbox needs. A read that fails throws; it never reads as empty. */
import type { Kind, StoredDocument } from '#schema/documents';
import { slugOf } from '#schema/names';
import type { RecordStore } from '#specs/store';
import { GATEWAY_SERVICE } from '#schema/names';
import { environmentsOf } from '../desired/environments-of.ts';
import type { Inputs, OtherSandbox } from '../model.ts';

/** The documents, as stored or with drafts laid over them. */
export interface DocumentReader {
  get<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K> | undefined>;
  list<K extends Kind>(kind: K): Promise<StoredDocument<K>[]>;
  currentVersion(): Promise<number>;
}

export type RecordReader = Pick<
  RecordStore,
  'resolutions' | 'attempts' | 'ports' | 'subnets' | 'personalPorts' | 'deployments' | 'nodes' | 'lifecycle'
>;

/** How many of the newest deployments are looked at. */
const DEPLOYMENTS = 100;

export async function readInputs(
  documents: DocumentReader,
  records: RecordReader,
  find: () => Promise<StoredDocument<'Sandbox'> | undefined>,
): Promise<Inputs | undefined> {
  // Before the documents, so that what is read is at least as new.
  const version = await documents.currentVersion();
  const sandbox = await find();
  if (!sandbox) return undefined;
  const { uid, slug } = sandbox.metadata;
  const read = new Set<string>([`Sandbox/${slug}`, `Route/${slug}`]);
  const [route, services, resolutions, attempts, ports, subnets, personal, deployments, open, nodeRecords, lifecycle] = await Promise.all([
    documents.get('Route', slug),
    documents.list('Service'),
    records.resolutions(uid),
    records.attempts(uid),
    records.ports({ sandboxUid: uid }),
    records.subnets({ sandboxUid: uid }),
    records.personalPorts({ sandboxUid: uid }),
    records.deployments({ sandboxUid: uid, limit: DEPLOYMENTS }),
    records.deployments({ sandboxUid: uid, open: true }),
    records.nodes(),
    records.lifecycle(uid),
  ]);
  const catalogue = new Map(services.map((service) => [service.metadata.slug, service]));
  const environments = await readEnvironments(documents, sandbox, catalogue, read);
  const others = await readOthers(documents, records, route, read);
  const known = new Set(deployments.map((deployment) => deployment.id));
  const all = [sandbox, ...(route ? [route] : []), ...services, ...environments.values()];
  return {
    sandbox,
    route,
    catalogue,
    environments,
    others,
    resolutions,
    attempts,
    ports,
    subnets,
    personal,
    nodeRecords,
    ...(lifecycle === undefined ? {} : { lifecycle }),
    read,
    deployments: [...deployments, ...open.filter((deployment) => !known.has(deployment.id))],
    resourceVersion: observedVersion(version, all, sandbox.status?.observedResourceVersion ?? 0),
  };
}

/** Moves only when a document that was read moved, so that others' writes change no status (FM 12). */
function observedVersion(store: number, documents: readonly StoredDocument[], before: number): number {
  const newest = Math.max(...documents.map((document) => document.metadata.resourceVersion));
  return newest > before ? Math.max(store, newest) : before;
}

async function readEnvironments(
  documents: DocumentReader,
  sandbox: StoredDocument<'Sandbox'>,
  catalogue: ReadonlyMap<string, StoredDocument<'Service'>>,
  read: Set<string>,
): Promise<Map<string, StoredDocument<'Environment'>>> {
  const slugs = [...environmentsOf(sandbox.spec, catalogue).keys()];
  for (const slug of slugs) read.add(`Environment/${slug}`);
  const found = await Promise.all(slugs.map((slug) => documents.get('Environment', slug)));
  return new Map(found.flatMap((document) => (document ? [[document.metadata.slug, document] as const] : [])));
}

async function readOthers(
  documents: DocumentReader,
  records: RecordReader,
  route: StoredDocument<'Route'> | undefined,
  read: Set<string>,
): Promise<Map<string, OtherSandbox>> {
  const names = Object.values(route?.spec.routes ?? {}).flatMap(({ target }) =>
    typeof target === 'object' ? [slugOf(target.sandbox)] : [],
  );
  const others = new Map<string, OtherSandbox>();
  for (const slug of new Set(names)) {
    read.add(`Sandbox/${slug}`);
    const document = await documents.get('Sandbox', slug);
    if (!document || document.metadata.deletedAt !== undefined) continue;
    const { metadata, spec } = document;
    const services = Object.entries(spec.services ?? {}).filter(([, service]) => service.use_ocp !== true);
    others.set(slug, {
      ref: { uid: metadata.uid, slug, name: metadata.name },
      suspended: spec.run === 'suspended',
      services: new Set([GATEWAY_SERVICE, ...services.map(([name]) => slugOf(name))]),
      ports: await records.ports({ sandboxUid: metadata.uid }),
    });
  }
  return others;
}
