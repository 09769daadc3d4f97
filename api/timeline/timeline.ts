/** Everything that happened to a sandbox, in one order. */
import type { Kind, SandboxSpec, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { TimelineEntry, TimelineView } from '#schema/http';
import { slugOf } from '#schema/names';
import { isResolution } from '#reconciler/deploy-request';
import { environmentsOf } from '#reconciler/desired/environments-of';
import type { Store } from '#specs/store';
import { auditEntry, commitEntry, deploymentEntry, revisionEntries, transitionEntry } from './entries.ts';
import { changedSince, lastWorked, workedView } from './worked.ts';

type Reading = Pick<Store, 'get' | 'list' | 'revisions' | 'resolutions' | 'deployments' | 'deploymentEvents' | 'transitions' | 'audit'>;

export interface TimelineQuery {
  /** ISO 8601: not before. */
  since?: string | undefined;
  /** Of the page before. */
  cursor?: string | undefined;
  limit: number;
}

/** Records of each kind that one page looks at: more than a page holds. */
const RECORDS = 500;
/** Newest first; of one moment the effect stands above its cause. */
const order = (a: TimelineEntry, b: TimelineEntry): number =>
  a.at !== b.at ? (a.at < b.at ? 1 : -1) : a.cause !== b.cause ? (a.cause ? 1 : -1) : a.id < b.id ? 1 : a.id > b.id ? -1 : 0;

/** @param now milliseconds */
export async function timelineOf(store: Reading, sandbox: StoredDocument<'Sandbox'>, asked: TimelineQuery, now: number): Promise<TimelineView> {
  const after = asked.cursor === undefined ? undefined : parseCursor(asked.cursor);
  // The cursor's own moment is read again: several entries may share it.
  const until = after === undefined ? undefined : new Date(Date.parse(after.at) + 1).toISOString();
  const entries = (await entriesOf(store, sandbox, until)).sort(order);
  const since = asked.since;
  const wanted = entries.filter((entry) => (since === undefined || entry.at >= since) && (after === undefined || order(after, entry) < 0));
  const items = wanted.slice(0, asked.limit);
  const last = items.at(-1);
  const worked = lastWorked(await store.transitions(sandbox.metadata.uid), now);
  const { deletedAt } = sandbox.metadata;
  const ready = deletedAt === undefined && isReady(sandbox);
  return {
    items,
    ...(wanted.length > items.length && last !== undefined ? { next: `${last.at}~${last.cause ? 1 : 0}~${last.id}` } : {}),
    ready,
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(worked === undefined ? {} : { worked: workedView(worked) }),
    ...(ready || deletedAt !== undefined || worked === undefined || after !== undefined ? {} : { changed: changedSince(entries, worked) }),
  };
}

function isReady({ status }: StoredDocument<'Sandbox'>): boolean {
  return status?.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

function parseCursor(cursor: string): TimelineEntry {
  const [at = '', cause, ...id] = cursor.split('~');
  if (Number.isNaN(Date.parse(at)) || id.length === 0) throw new SdpError('invalid_request', 'The cursor is not one of a timeline.');
  return { at, id: id.join('~'), cause: cause === '1', kind: 'action', title: '', details: [] };
}

async function entriesOf(store: Reading, sandbox: StoredDocument<'Sandbox'>, until: string | undefined): Promise<TimelineEntry[]> {
  const { uid, name } = sandbox.metadata;
  const before = until === undefined ? {} : { until };
  const [documents, resolutions, deployments, transitions, audit] = await Promise.all([
    documentEntries(store, sandbox),
    store.resolutions(uid),
    store.deployments({ sandboxUid: uid, limit: RECORDS, ...(until === undefined ? {} : { before: until }) }),
    store.transitions(uid, { limit: RECORDS, ...before }),
    store.audit({ sandbox: name, limit: RECORDS, ...before }),
  ]);
  const ended = await Promise.all(
    deployments.map(async (deployment) => deploymentEntry(deployment, deployment.state === 'FAILED' ? await store.deploymentEvents(deployment.id) : [])),
  );
  return [
    ...documents,
    ...resolutions.filter(isResolution).map(commitEntry),
    ...ended.flat(),
    ...transitions.map(transitionEntry),
    ...audit.flatMap(auditEntry),
  ].filter((entry) => until === undefined || entry.at < until);
}

/** Revisions of the sandbox, its Route, the environments and the catalogue's entries that it uses now. */
async function documentEntries(store: Reading, sandbox: StoredDocument<'Sandbox'>): Promise<TimelineEntry[]> {
  const used = await usedBy(store, sandbox.spec);
  const all: [Kind, string][] = [['Sandbox', sandbox.metadata.name], ['Route', sandbox.metadata.name], ...used];
  const entries = await Promise.all(
    all.map(async ([kind, name]) => {
      try {
        return revisionEntries(kind, name, await store.revisions(kind, name));
      } catch (thrown) {
        if (thrown instanceof SdpError && thrown.code === 'not_found') return [];
        throw thrown;
      }
    }),
  );
  // What was there before the sandbox did nothing to it.
  return entries.flat().filter(({ at }) => at >= sandbox.metadata.createdAt);
}

async function usedBy(store: Reading, spec: SandboxSpec): Promise<[Kind, string][]> {
  const catalogue = new Map((await store.list('Service')).map((entry) => [entry.metadata.slug, entry]));
  const services = new Set(Object.keys(spec.services ?? {}).map((service) => slugOf(service)));
  return [
    ...[...environmentsOf(spec, catalogue).values()].map((name): [Kind, string] => ['Environment', name]),
    ...[...catalogue].filter(([slug]) => services.has(slug)).map(([, { metadata }]): [Kind, string] => ['Service', metadata.name]),
  ];
}
