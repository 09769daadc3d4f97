/** What revisions and records say happened to a sandbox, an entry each. Pure. */
import type { Kind, RouteSpec, SandboxSpec } from '#schema/documents';
import type { FieldChange, Revision, TimelineEntry, TimelineKind } from '#schema/http';
import type { AuditEntry, Deployment, DeploymentEvent, Resolution, Transition } from '#schema/records';
import { SDP_USER } from '#schema/names';
import { fieldChanges } from '../documents/field-changes.ts';

/** Fields named of one change; more are counted. */
const FIELDS_SHOWN = 8;

const words = (value: unknown): string => {
  if (value === undefined) return '(nothing)';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};

function fieldWords(changes: readonly FieldChange[]): string[] {
  const shown = changes.slice(0, FIELDS_SHOWN).map(({ path, before, after }) => {
    if (before === undefined) return `+ ${path}: ${words(after)}`;
    return after === undefined ? `- ${path}: ${words(before)}` : `~ ${path}: ${words(before)} -> ${words(after)}`;
  });
  const more = changes.length - shown.length;
  return more > 0 ? [...shown, `… ${more} more ${more === 1 ? 'field' : 'fields'}`] : shown;
}

/** Revisions of one document as entries, each compared with the one before it. @param revisions newest first */
export function revisionEntries(kind: Kind, name: string, revisions: readonly Revision[]): TimelineEntry[] {
  return revisions.flatMap((revision, index) => {
    const former = revisions[index + 1];
    if (former === undefined && revision.revision > 1) return [];
    return ofRevision(kind, name, revision, former);
  });
}

function ofRevision(kind: Kind, name: string, revision: Revision, former: Revision | undefined): TimelineEntry[] {
  const base = {
    id: `${kind.toLowerCase()}/${name}/${revision.revision}`,
    at: revision.at,
    by: revision.author,
    cause: true,
    resourceVersion: revision.resourceVersion,
  };
  const said = revision.message === '' ? '' : `: ${revision.message}`;
  const entry = (part: string, what: TimelineKind, title: string, details: string[] = [], more: Partial<TimelineEntry> = {}): TimelineEntry => ({
    ...base,
    id: `${base.id}${part}`,
    kind: what,
    title,
    details,
    ...more,
  });
  if (revision.deleted) return [entry('', kindWord(kind), `${kind} ${name} was deleted${said}`)];
  const changes = fieldChanges(former === undefined || former.deleted ? undefined : { spec: former.spec }, { spec: revision.spec });
  switch (kind) {
    case 'Route':
      return routeEntries(former, revision).map(({ service, title }) => entry(`/${service}`, 'route', title, [], { service }));
    case 'Environment':
      return environmentEntries(name, changes, entry, former === undefined || former.deleted);
    case 'Service':
      return changes.length === 0 ? [] : [entry('', 'service', `The catalogue's entry of ${name} changed${said}`, fieldWords(changes), { service: name })];
    case 'Template':
    case 'Sandbox':
      return sandboxEntries(revision, former, changes, entry);
    case 'Snapshot':
      // It keeps a sandbox and changes none.
      return [];
  }
}

type Make = (part: string, kind: TimelineKind, title: string, details?: string[], more?: Partial<TimelineEntry>) => TimelineEntry;

const kindWord = (kind: Kind): TimelineKind => (kind === 'Route' ? 'route' : kind === 'Environment' ? 'environment' : kind === 'Service' ? 'service' : 'spec');

function sandboxEntries(revision: Revision, former: Revision | undefined, changes: readonly FieldChange[], entry: Make): TimelineEntry[] {
  const ofHold = changes.filter(({ path }) => path === 'spec.hold' || path.startsWith('spec.hold.'));
  const others = changes.filter((change) => !ofHold.includes(change));
  const { hold } = revision.spec as SandboxSpec;
  const entries: TimelineEntry[] = [];
  if (ofHold.length > 0) {
    const reason = hold?.reason === undefined ? '' : `: ${hold.reason}`;
    const end = hold?.until === undefined ? '' : ` until ${hold.until}`;
    entries.push(entry('/hold', 'hold', hold === undefined ? 'The hold ended' : `Held by ${hold.by}${end}${reason}`, [], { cause: false }));
  }
  const deployed = former !== undefined && !former.deleted && revision.generation > former.generation && changes.length === 0;
  if (others.length > 0 || deployed) {
    const created = former === undefined ? 'Created' : former.deleted ? 'Restored' : `Revision ${revision.revision}`;
    const said = revision.message === '' ? '' : `: ${revision.message}`;
    entries.push(entry('', 'spec', `${created}${said}`, former === undefined ? [] : fieldWords(others)));
  }
  return entries;
}

const targetWords = (target: unknown): string => {
  if (target === undefined) return 'its default';
  return typeof target === 'object' && target !== null && 'sandbox' in target ? `sandbox ${String(target.sandbox)}` : String(target);
};

function routeEntries(former: Revision | undefined, revision: Revision): { service: string; title: string }[] {
  const before = former === undefined || former.deleted ? {} : (former.spec as RouteSpec).routes;
  const after = (revision.spec as RouteSpec).routes;
  const services = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return services.flatMap((service) => {
    const was = before[service];
    const is = after[service];
    const titles: string[] = [];
    if (targetWords(was?.target) !== targetWords(is?.target)) titles.push(`Route of ${service}: ${targetWords(was?.target)} -> ${targetWords(is?.target)}`);
    if (JSON.stringify(was?.fault) !== JSON.stringify(is?.fault)) titles.push(is?.fault === undefined ? `The fault of ${service} ended` : `Fault of ${service}: ${words(is.fault)}`);
    return titles.length === 0 ? [] : [{ service, title: titles.join('; ') }];
  });
}

/** A secret is told by its name and version; what it was and is stays unknown. */
function environmentEntries(name: string, changes: readonly FieldChange[], entry: Make, created: boolean): TimelineEntry[] {
  if (created) return [entry('', 'environment', `Environment ${name} was created`)];
  const secrets = new Map<string, string>();
  const others: FieldChange[] = [];
  for (const change of changes) {
    const match = /^spec\.secrets(?:\.([^.]+)|\["(.+)"\])/.exec(change.path);
    const secret = match?.[1] ?? match?.[2];
    if (secret === undefined) others.push(change);
    else if (/\.version$/.test(change.path)) {
      const verb = change.before === undefined ? 'was added' : change.after === undefined ? 'was removed' : `was changed: version ${words(change.before)} -> ${words(change.after)}`;
      secrets.set(secret, verb);
    }
  }
  const entries = [...secrets].map(([secret, verb]) => entry(`/secret/${secret}`, 'secret', `Secret ${secret} of environment ${name} ${verb}`));
  if (others.length > 0) entries.push(entry('', 'environment', `Environment ${name} changed`, fieldWords(others)));
  return entries;
}

export function commitEntry(row: Resolution): TimelineEntry {
  const from = row.branch === '' ? '' : `, newest of ${row.branch}`;
  return {
    id: `commit/${row.service}/${row.generation}`,
    at: row.resolvedAt,
    kind: 'commit',
    title: `${row.service} goes to ${row.commit.slice(0, 8)} "${row.subject}" by ${row.author}${from}`,
    ...(row.resolvedBy === '' ? {} : { by: row.resolvedBy }),
    service: row.service,
    details: [],
    cause: true,
  };
}

/** How a deployment ended; nothing while it goes on, or where another took its place. */
export function deploymentEntry(deployment: Deployment, events: readonly DeploymentEvent[]): TimelineEntry[] {
  const { id, service, state, completedAt, reason, message, commit } = deployment;
  if (completedAt === undefined) return [];
  const what = commit === undefined ? service : `${service} at ${commit.slice(0, 8)}`;
  const base = { id: `deployment/${id}`, at: completedAt, by: deployment.user, service, cause: false };
  if (state === 'RUNNING') return [{ ...base, kind: 'deployed', title: `${what} runs`, details: [] }];
  if (state !== 'FAILED') return [];
  const first = events.find(({ error }) => error !== undefined)?.error;
  const said = message ?? first?.message ?? reason ?? '';
  const details = first === undefined || first.message === said ? [] : [`first error: ${first.message}`];
  return [{ ...base, kind: 'failed', title: `${what} failed${said === '' ? '' : `: ${said}`}`, details }];
}

export function transitionEntry(row: Transition): TimelineEntry {
  const base = { id: `transition/${row.seq}`, at: row.at, details: [], cause: false, ...(row.service === undefined ? {} : { service: row.service }) };
  if (row.kind === 'ready') {
    if (row.status === 'True') return { ...base, kind: 'ready', title: `Ready: ${row.message}` };
    return { ...base, kind: 'not-ready', title: `Not ready (${row.reason}): ${row.message}` };
  }
  return { ...base, kind: row.kind, title: `${row.service ?? ''}: ${row.message}` };
}

/** What somebody did that is no revision: restarts, and whatever was refused or failed. */
export function auditEntry(row: AuditEntry): TimelineEntry[] {
  const deed = row.outcome === 'ok' ? DEEDS[row.action] : undefined;
  if (deed === undefined && (row.outcome === 'ok' || ASKING.has(row.action))) return [];
  const what = [row.action, row.service].filter((part) => part !== undefined).join(' ');
  const title = deed !== undefined ? deed(row) : `${what} was ${row.outcome === 'refused' ? 'refused' : 'tried and failed'}: ${row.message ?? ''}`;
  return [{ id: `audit/${row.id}`, at: row.at, kind: 'action', title, by: row.user, details: [], cause: deed !== undefined && row.user !== SDP_USER, ...(row.service === undefined ? {} : { service: row.service }) }];
}

const ofService = ({ service }: AuditEntry): string => (service === undefined ? 'all services' : service);
const said = ({ message }: AuditEntry): string => (message === undefined ? '' : `: ${message}`);

/** What somebody did that is no revision, in words. */
const DEEDS: Readonly<Record<string, (row: AuditEntry) => string>> = {
  'service.restart': ({ service }) => `Restart of ${service ?? ''}`,
  'deployment.cancel': (row) => `The deployment of ${ofService(row)} was cancelled`,
  'deployment.retry': (row) => `${ofService(row)} tried again`,
  'sandbox.warn': (row) => `Warned that nobody uses it${said(row)}`,
  'sandbox.extend': (row) => `Expiry put off ${row.message ?? ''}`.trim(),
  'sandbox.keep': () => 'Kept: it never expires',
  'sandbox.unkeep': () => 'Not kept any more: it may expire',
};

/** Looking at a sandbox does nothing to it. */
const ASKING: ReadonlySet<string> = new Set(['sandbox.trace', 'doctor', 'login']);
