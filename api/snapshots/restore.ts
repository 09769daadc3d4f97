/** What restoring a snapshot writes, and what people have to know of it. */
import { isDeepStrictEqual } from 'node:util';
import type { SandboxSpec, SnapshotSpec, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { RestoreRequest, SharedEnvironment } from '#schema/http';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import { environmentsOf, type Catalogue } from '#reconciler/desired/environments-of';
import type { Store, Write } from '#specs/store';
import { withEnvironments } from './dependencies.ts';
import { environmentAgain, type EnvironmentAgain } from './environments.ts';
import { copyName, environmentCopy, environmentInPlace, missingServices, sandboxAs, sandboxInPlace } from './restore-drafts.ts';
import { otherUsers } from './shared.ts';

export interface Restoration {
  sandbox: string;
  writes: Write[];
  /** Environments that would change for others too. */
  shared: SharedEnvironment[];
  notes: string[];
}

/**
 * @param dryRun shows shared environments in place of refusing them
 * @throws SdpError conflict for shared environments; invalid_request for secrets without a value; unknown_service for
 * catalogue entries that are missing
 */
export async function restoration(
  store: Store,
  snapshot: StoredDocument<'Snapshot'>,
  request: RestoreRequest & { dryRun: boolean; now: number },
): Promise<Restoration> {
  const { spec } = snapshot;
  const catalogue = new Map((await store.list('Service')).map((service) => [service.metadata.slug, service]));
  const again = await Promise.all(spec.environments.map((was) => environmentAgain(store, was)));
  const made = request.services === true ? missingServices(spec, new Set(catalogue.keys())) : [];
  const notes = notesOf(spec, catalogue, made);
  if (request.services !== true) assertServices(spec, catalogue, snapshot.metadata.name);
  const result =
    request.as === undefined
      ? await inPlace(store, snapshot, again, request)
      : await asNew(store, spec, again, request.as, catalogue);
  return { ...result, writes: [...made, ...result.writes], notes: [...notes, ...result.notes] };
}

async function inPlace(
  store: Store,
  snapshot: StoredDocument<'Snapshot'>,
  all: readonly EnvironmentAgain[],
  request: RestoreRequest & { dryRun: boolean; now: number },
): Promise<Restoration> {
  const { spec } = snapshot;
  const { name } = spec.sandbox;
  const [sandbox, route] = [await store.get('Sandbox', name), await store.get('Route', name)];
  const users = await otherUsers(store, slugOf(name));
  const changing = all.filter(({ equal }) => !equal);
  const shared = changing
    // One that is gone changes for nobody.
    .filter(({ now }) => now !== undefined)
    .flatMap(({ was }): SharedEnvironment[] => {
      const others = users.get(slugOf(was.name));
      return others === undefined ? [] : [{ environment: was.name, users: others }];
    });
  const decision = request.shared ?? 'refuse';
  if (shared.length > 0 && decision === 'refuse' && !request.dryRun) throw sharedByOthers(shared);
  const stay = new Set(decision === 'change' ? [] : shared.map(({ environment }) => environment));
  const written = changing.filter(({ was }) => !stay.has(was.name));
  const environments = written.map(environmentInPlace);
  assertValues(written.map(({ was }, index) => ({ name: was.name, lacking: environments[index]?.lacking ?? [] })));
  const notes = [...stay].map((environment) =>
    decision === 'keep'
      ? `Environment ${environment} stays as it is now, as others use it.`
      : `Environment ${environment} is another now, and others use it: this is refused until you say --keep-shared or --change-shared.`,
  );
  return {
    sandbox: sandbox?.metadata.name ?? name,
    writes: [...environments.map(({ write }) => write), ...sandboxInPlace(spec, { sandbox, route, at: request.now })],
    shared,
    notes: [...notes, ...presentValues(written)],
  };
}

async function asNew(store: Store, spec: SnapshotSpec, all: readonly EnvironmentAgain[], name: string, catalogue: Catalogue): Promise<Restoration> {
  const own = new Set(environmentsOf(spec.sandbox.spec, new Map()).keys());
  const taken = new Set((await store.list('Environment')).map(({ metadata }) => metadata.slug));
  const renamed = new Map<string, string>();
  const writes: Write[] = [];
  const notes: string[] = [];
  const lacking: { name: string; lacking: string[] }[] = [];
  const written: EnvironmentAgain[] = [];
  for (const again of all.filter(({ equal }) => !equal)) {
    const { was, now } = again;
    if (!own.has(slugOf(was.name))) {
      // The catalogue gives it to its services; what it is now is the catalogue's matter.
      notes.push(`Environment ${was.name}, which the catalogue gives to its services, is ${now === undefined ? 'gone' : 'another now'}.`);
      continue;
    }
    // A name that is free is used as it was: the new sandbox is the only one that needs it.
    const copied = now === undefined ? was.name : copyName(name, was.name, taken);
    taken.add(slugOf(copied));
    if (copied !== was.name) renamed.set(slugOf(was.name), copied);
    const copy = environmentCopy(again, copied);
    writes.push(copy.write);
    written.push(again);
    lacking.push({ name: was.name, lacking: copy.lacking });
    if (copied !== was.name) notes.push(`Environment ${was.name} is another now: ${name} gets the former one as ${copied}.`);
  }
  assertValues(lacking);
  const sandbox: SandboxSpec = withEnvironments(spec.sandbox.spec, renamed);
  const gone = [...environmentsOf(spec.sandbox.spec, catalogue).keys()].filter((slug) => !all.some(({ was }) => slugOf(was.name) === slug) && !taken.has(slug));
  if (gone.length > 0) notes.push(`The catalogue gives environments to its services that are not there: ${gone.join(', ')}.`);
  return { sandbox: name, writes: [...writes, ...sandboxAs(spec, name, sandbox)], shared: [], notes: [...notes, ...presentValues(written)] };
}

function notesOf(spec: SnapshotSpec, catalogue: Catalogue, made: readonly Write[]): string[] {
  const differing = spec.services.filter((was) => {
    const now = catalogue.get(slugOf(was.name));
    return now !== undefined && !isDeepStrictEqual(now.spec, was.spec);
  });
  return [
    ...spec.unpinned.map(({ service, reason }) => `${service} was at no commit (${reason}): the newest of its branch is taken.`),
    ...differing.map(({ name }) => `The catalogue's entry of ${name} has changed since, and stays as it is.`),
    ...made.map(({ draft }) => `The catalogue gets ${draft.metadata.name} as the snapshot has it.`),
  ];
}

function presentValues(written: readonly EnvironmentAgain[]): string[] {
  return written.flatMap(({ was, missing, present }) => {
    const kept = missing.filter((secret) => Object.hasOwn(present, secret));
    return kept.length === 0 ? [] : [`Environment ${was.name} keeps the present value of ${kept.join(', ')}: the former one is not here.`];
  });
}

function assertServices(spec: SnapshotSpec, catalogue: Catalogue, snapshot: string): void {
  const missing = spec.services.map(({ name }) => name).filter((name) => slugOf(name) !== GATEWAY_SERVICE && !catalogue.has(slugOf(name)));
  if (missing.length === 0) return;
  throw new SdpError('unknown_service', `The catalogue has no ${missing.join(', ')}, which snapshot ${snapshot} needs.`, {
    hint: 'Apply these services first, or restore with --services to get them as the snapshot has them.',
  });
}

function assertValues(environments: readonly { name: string; lacking: string[] }[]): void {
  const needed = environments.filter(({ lacking }) => lacking.length > 0);
  if (needed.length === 0) return;
  const said = needed.map(({ name, lacking }) => `${lacking.join(', ')} of environment ${name}`).join('; ');
  throw new SdpError('invalid_request', `The snapshot came without secrets, and nobody here has a value of ${said}.`, {
    hint: `Make ${needed.length === 1 ? 'the environment' : 'these environments'} with these secrets first; what is there is then kept.`,
  });
}

function sharedByOthers(shared: readonly SharedEnvironment[]): SdpError {
  const said = shared.map(({ environment, users }) => {
    const more = users.length > 5 ? ` and ${users.length - 5} more` : '';
    return `${environment} (used by ${users.slice(0, 5).join(', ')}${more})`;
  });
  return new SdpError('conflict', `Restoring would change for others: ${said.join('; ')}.`, {
    hint: '--keep-shared leaves them as they are now, --change-shared restores them for all, --as NEW makes a sandbox with copies.',
  });
}
