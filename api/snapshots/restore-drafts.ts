/** Documents that bring a snapshot back. Pure. */
import { API_VERSION, type CapturedDocument, type Draft, type Kind, type SandboxSpec, type SnapshotSpec, type SpecOf, type StoredDocument } from '#schema/documents';
import { GATEWAY_SERVICE, MAX_SLUG, slugOf } from '#schema/names';
import { validateDraft } from '#schema/parse/parse-documents';
import type { Write } from '#specs/store';
import { draftOf } from '../documents/drafts.ts';
import { withoutEnded, withoutFaults } from '../documents/faults.ts';
import { patchText } from '../documents/patch-text.ts';
import { specAgain, type EnvironmentAgain } from './environments.ts';

/** A draft with another spec for what there is, or for what was when it is gone. Saved only if nobody else saves first. */
function draftAgain<K extends Kind>(kind: K, was: CapturedDocument<SpecOf[K]>, now: StoredDocument<K> | undefined, spec: SpecOf[K]): Draft {
  if (now !== undefined) return validateDraft(draftOf<StoredDocument>(now as StoredDocument, spec as StoredDocument['spec'], true));
  const { name, labels, annotations } = was;
  return validateDraft({
    apiVersion: API_VERSION,
    kind,
    metadata: { name, ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }), resourceVersion: 0 },
    spec,
  });
}

function withText(draft: Draft, text: string | undefined): Write {
  const patched = patchText(text, draft);
  return { draft, ...(patched === undefined ? {} : { text: patched }) };
}

const without = <T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _gone, ...rest } = value;
  return rest;
};

/** A hold is a lock and no configuration: it stays as it is now. */
function sandboxSpec(was: SandboxSpec, now: SandboxSpec | undefined): SandboxSpec {
  const spec = without(was, 'hold');
  return now?.hold === undefined ? spec : { ...spec, hold: now.hold };
}

/** What the gateway's defaults were where the snapshot was taken: those of another installation may be others. */
function withGateway(snapshot: SnapshotSpec, spec: SandboxSpec): SandboxSpec {
  const pinned = snapshot.commits.find(({ service }) => service === GATEWAY_SERVICE);
  if (snapshot.importedAt === undefined || pinned === undefined || spec.gateway?.commit !== undefined) return spec;
  const { repository, branch } = pinned;
  return { ...spec, gateway: { repository, branch, ...spec.gateway } };
}

/** The sandbox itself and its routes, at the commits of the snapshot. Faults that have ended do not come back. */
export function sandboxInPlace(
  snapshot: SnapshotSpec,
  now: { sandbox: StoredDocument<'Sandbox'> | undefined; route: StoredDocument<'Route'> | undefined; at: number },
): Write[] {
  const { sandbox: was, route } = snapshot;
  const sandbox = draftAgain('Sandbox', was, now.sandbox, sandboxSpec(withGateway(snapshot, was.spec), now.sandbox?.spec));
  const writes: Write[] = [{ ...withText(sandbox, was.text), bump: true, resolutions: snapshot.commits }];
  if (route !== undefined) {
    const spec = withoutEnded(route.spec, snapshot.takenAt, now.at);
    writes.push(withText(draftAgain('Route', route, now.route, spec), route.text));
  } else if (now.route !== undefined && Object.keys(now.route.spec.routes).length > 0) {
    writes.push({ draft: draftOf(now.route, { routes: {} }, true) });
  }
  return writes;
}

/** A new sandbox like the one of the snapshot, active and held by nobody. Faults are not copied. */
export function sandboxAs(snapshot: SnapshotSpec, name: string, spec: SandboxSpec): Write[] {
  const { sandbox: was, route } = snapshot;
  const metadata = { name, resourceVersion: 0, ...(was.labels === undefined ? {} : { labels: was.labels }) };
  const draft = validateDraft({ apiVersion: API_VERSION, kind: 'Sandbox', metadata, spec: without(without(withGateway(snapshot, spec), 'hold'), 'run') });
  const writes: Write[] = [{ draft, resolutions: snapshot.commits }];
  const routes = route === undefined ? { routes: {} } : withoutFaults(route.spec);
  if (Object.keys(routes.routes).length > 0) {
    writes.push({ draft: validateDraft({ apiVersion: API_VERSION, kind: 'Route', metadata: { name, resourceVersion: 0 }, spec: routes }) });
  }
  return writes;
}

/** The environment as it was. @returns `lacking`: secrets without a value */
export function environmentInPlace(again: EnvironmentAgain): { write: Write; lacking: string[] } {
  const { spec, lacking } = specAgain(again, false);
  return { write: withText(draftAgain('Environment', again.was, again.now, spec), again.was.text), lacking };
}

/** A copy of the environment under a name of the new sandbox's own. */
export function environmentCopy(again: EnvironmentAgain, name: string): { write: Write; lacking: string[] } {
  const { spec, lacking } = specAgain(again, true);
  const { labels } = again.was;
  const metadata = { name, resourceVersion: 0, ...(labels === undefined ? {} : { labels }) };
  return { write: { draft: validateDraft({ apiVersion: API_VERSION, kind: 'Environment', metadata, spec }) }, lacking };
}

/** `NEW-qa-defaults`, cut to what a name may be, and not one of `taken` (slugs). */
export function copyName(sandbox: string, environment: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const tail = number === 1 ? '' : `-${number}`;
    const name = `${`${sandbox}-${environment}`.slice(0, MAX_SLUG - tail.length).replace(/[^A-Za-z0-9]+$/, '')}${tail}`;
    if (!taken.has(slugOf(name))) return name;
  }
}

/** Catalogue entries that are missing here. */
export function missingServices(snapshot: SnapshotSpec, present: ReadonlySet<string>): Write[] {
  return snapshot.services
    .filter(({ name }) => !present.has(slugOf(name)))
    .map((was) => withText(draftAgain('Service', was, undefined, was.spec), was.text));
}
