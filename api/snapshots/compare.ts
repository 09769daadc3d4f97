/** What is not as a snapshot has it. */
import type { CapturedDocument, EnvironmentSpec, PinnedCommit, SnapshotSpec, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { FieldChange } from '#schema/http';
import type { FleetNode } from '#reconciler/contract';
import type { StoreView } from '#specs/store';
import { pathChanges } from '../documents/field-changes.ts';
import { dotted } from '#schema/parse/explain';
import { capture } from './capture.ts';
import { referencesOf } from './environments.ts';

/** @throws SdpError not_found when the sandbox to compare with is gone */
export async function compare(view: StoreView, snapshot: StoredDocument<'Snapshot'>, sandbox: string, fleet: readonly FleetNode[]): Promise<FieldChange[]> {
  if ((await view.get('Sandbox', sandbox)) === undefined) {
    throw new SdpError('not_found', `There is no sandbox "${sandbox}" to compare with.`, { hint: `\`sdp restore ${snapshot.metadata.name}\` brings it back.` });
  }
  const now = await capture(view, sandbox, { takenAt: '', takenBy: '', installation: '', fleet });
  return pathChanges(comparable(snapshot.spec), comparable(now)).map((change) => ({ ...change, path: dotted(change.path) }));
}

/** What counts: contents and commits, by name. Revisions move for reasons that change nothing. */
function comparable(spec: SnapshotSpec): Record<string, unknown> {
  const { hold: _lock, ...sandbox } = spec.sandbox.spec;
  return {
    sandbox: { spec: sandbox },
    route: spec.route?.spec.routes ?? {},
    environment: byName(spec.environments.map(({ spec: environment, ...rest }) => ({ ...rest, spec: { ...environment, ...versionsOf(environment) } }))),
    service: byName(spec.services),
    commit: Object.fromEntries(spec.commits.map((commit) => [commit.service, commitWords(commit)])),
  };
}

/** A secret is another when its version is. */
function versionsOf(environment: EnvironmentSpec): { secrets?: Record<string, string> } {
  if (environment.secrets === undefined) return {};
  const versions = Object.entries(referencesOf(environment)).map(([name, { version }]) => [name, `version ${version}`]);
  return { secrets: Object.fromEntries(versions) as Record<string, string> };
}

const byName = <S>(documents: readonly CapturedDocument<S>[]): Record<string, S> => Object.fromEntries(documents.map(({ name, spec }) => [name, spec]));

const commitWords = ({ branch, commit, subject }: PinnedCommit): string => [`${branch}@${commit.slice(0, 12)}`, subject].filter((part) => part !== '').join(' ');
