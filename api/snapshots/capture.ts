/** A sandbox with everything that it depends on, read in one look. */
import type { CapturedDocument, Kind, SnapshotSpec, SpecOf, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { environmentsOf } from '#reconciler/desired/environments-of';
import type { FleetNode } from '#reconciler/contract';
import type { StoreView } from '#specs/store';
import { serviceSlugs } from './dependencies.ts';
import { imagesOf, pinsOf } from './pins.ts';

export interface CaptureAbout {
  message?: string;
  takenBy: string;
  /** ISO 8601. */
  takenAt: string;
  installation: string;
  fleet: readonly FleetNode[];
}

/** @throws SdpError not_found, conflict when the sandbox is being deleted */
export async function capture(view: StoreView, name: string, about: CaptureAbout): Promise<SnapshotSpec> {
  const sandbox = await view.get('Sandbox', name);
  if (sandbox === undefined) throw new SdpError('not_found', `There is no sandbox "${name}".`);
  if (sandbox.metadata.deletedAt !== undefined) {
    throw new SdpError('conflict', `${sandbox.metadata.name} is being deleted.`, { hint: 'Restore it first: its history is still there.' });
  }
  const route = await view.get('Route', name);
  const catalogue = new Map((await view.list('Service')).map((service) => [service.metadata.slug, service]));
  const services = serviceSlugs(sandbox.spec, route?.spec).flatMap((slug) => catalogue.get(slug) ?? []);
  const environments: CapturedDocument<SpecOf['Environment']>[] = [];
  for (const slug of environmentsOf(sandbox.spec, catalogue).keys()) {
    const environment = await view.get('Environment', slug);
    if (environment !== undefined) environments.push(await captured(view, environment));
  }
  const { commits, unpinned } = pinsOf(sandbox.spec, catalogue, await view.resolutions(sandbox.metadata.uid));
  return {
    ...(about.message === undefined ? {} : { message: about.message }),
    takenAt: about.takenAt,
    takenBy: about.takenBy,
    installation: about.installation,
    storeVersion: await view.currentVersion(),
    sandbox: { ...(await captured(view, sandbox)), generation: sandbox.metadata.generation },
    ...(route === undefined ? {} : { route: await captured(view, route) }),
    environments,
    services: await Promise.all(services.map((service) => captured(view, service))),
    commits,
    images: imagesOf(commits, about.fleet),
    unpinned,
  };
}

async function captured<K extends Kind>(view: StoreView, document: StoredDocument<K>): Promise<CapturedDocument<SpecOf[K]>> {
  const { name, uid, revision, labels, annotations } = document.metadata;
  const text = await view.text(document.kind, name);
  return {
    name,
    uid,
    revision,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(text === undefined ? {} : { text }),
    spec: document.spec as SpecOf[K],
  };
}
