import type { EnvironmentSpec, Kind, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { Revision, RevisionView } from '#schema/http';
import { sql } from 'kysely';
import { now, type Context } from '../context.ts';
import { current } from '../counters.ts';
import { noteWritingKey } from '../key-check.ts';
import { resolutionsOf } from '../records/resolutions.ts';
import type { Author, DocumentPage, DocumentStore, Removal, Write, WriteResult } from '../store.ts';
import type { Db, RevisionRow, Tx } from '../tables.ts';
import { applyAll, applyTogether, canShare, type Outcome, type Request } from './apply.ts';
import { compact } from './compact.ts';
import { deleteDocument, finishFinalizer, restoreDocument, rowForHistory } from './remove.ts';
import { liveRow, lookupSlug, selectDocuments, toDocument } from './rows.ts';
import { keyUse, rewrapSome } from './secret-keys.ts';
import { openSecrets, valuesOf } from './secrets.ts';
import { writeStatus } from './status.ts';
import { watchChanges } from './watch.ts';

/** Writing documents, and following what was written. */
type Writing = Pick<DocumentStore, 'apply' | 'dryRun' | 'delete' | 'finishFinalizer' | 'restore' | 'writeStatus' | 'rewrapSecrets' | 'adoptKeys' | 'compact'>;
type Reading = Omit<DocumentStore, keyof Writing>;

function toRevision({ revision, generation, resourceVersion, author, message, at, deleted, spec }: RevisionRow): Revision {
  return {
    revision,
    generation,
    resourceVersion,
    author,
    message,
    at,
    deleted: deleted === 1,
    spec: JSON.parse(spec) as unknown,
  };
}

/** @param closed aborts when the store closes, which ends watches. */
export function documentStore(context: Context, closed: AbortSignal): DocumentStore {
  return { ...writing(context), ...reading(context, closed) };
}

function writing(context: Context): Writing {
  const { writer, keys } = context;
  const together = (tx: Tx, requests: readonly Request[]): Promise<Outcome[]> => applyTogether(tx, requests, keys);
  const applying = (writes: readonly Write[], author: Author, removals: readonly Removal[], rehearse: boolean): Promise<WriteResult[]> => {
    if (removals.length === 0 && canShare(writes)) return writer.writeTogether(together, { writes, author, rehearse, at: now(context) });
    const apply = (tx: Tx): Promise<WriteResult[]> => applyAll(tx, writes, { keys, author, at: now(context) }, removals);
    return rehearse ? writer.rehearse(apply) : writer.write(apply);
  };
  return {
    apply: (writes, author, removals = []) => applying(writes, author, removals, false),
    dryRun: (writes, author, removals = []) => applying(writes, author, removals, true),
    delete: (kind, name, author) =>
      writer.write(async (tx) => toDocument(await deleteDocument(tx, kind, name, { author, at: now(context) }))),
    finishFinalizer: (uid, finalizer) => writer.write((tx) => finishFinalizer(tx, uid, finalizer, now(context))),
    restore: (kind, name, author) =>
      writer.write(async (tx) => toDocument(await restoreDocument(tx, kind, name, { author, at: now(context) }))),
    writeStatus: (uid, status) => writer.write((tx) => writeStatus(tx, uid, status, now(context))),
    adoptKeys: (fresh) => keys.adopt(fresh),
    rewrapSecrets: (limit) =>
      writer.write(async (tx) => {
        await noteWritingKey(tx, keys);
        return { rewrapped: await rewrapSome(tx, keys, limit) };
      }),
    compact: (retention) => compact(writer, retention),
  };
}

function reading(context: Context, closed: AbortSignal): Reading {
  const { read } = context;
  const { get, list, text, currentVersion } = lookingAt(read);

  async function getByUid(uid: string): Promise<StoredDocument | undefined> {
    const row = await selectDocuments(read).where('documents.uid', '=', uid).where('gone', '=', sql.lit(0)).executeTakeFirst();
    return row === undefined ? undefined : toDocument(row);
  }

  async function page<K extends Kind>(kind: K, { after, limit }: { after?: string; limit: number }): Promise<DocumentPage<K>> {
    let query = selectDocuments(read).where('kind', '=', kind).where('gone', '=', sql.lit(0)).orderBy('slug').limit(limit + 1);
    if (after !== undefined) query = query.where('slug', '>', after);
    const rows = await query.execute();
    const documents = rows.slice(0, limit).map((row) => toDocument(row) as StoredDocument<K>);
    const next = rows.length > limit ? documents.at(-1)?.metadata.slug : undefined;
    return { documents, ...(next === undefined ? {} : { next }) };
  }

  async function history<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K>> {
    return toDocument(await rowForHistory(read, kind, name)) as StoredDocument<K>;
  }

  async function revisions(kind: Kind, name: string): Promise<Revision[]> {
    const { uid } = await rowForHistory(read, kind, name);
    const rows = await read
      .selectFrom('revisions')
      .selectAll()
      .where('uid', '=', uid)
      .orderBy('revision', 'desc')
      .execute();
    return rows.map(toRevision);
  }

  async function revision(
    kind: Kind,
    name: string,
    which: { revision: number } | { resourceVersion: number },
  ): Promise<RevisionView | undefined> {
    const { uid } = await rowForHistory(read, kind, name);
    const [column, number] = 'revision' in which ? (['revision', which.revision] as const) : (['resourceVersion', which.resourceVersion] as const);
    const row = await read.selectFrom('revisions').selectAll().where('uid', '=', uid).where(column, '=', number).executeTakeFirst();
    if (row === undefined) return undefined;
    const { text, labels, annotations } = row;
    return {
      ...toRevision(row),
      labels: JSON.parse(labels) as Record<string, string>,
      annotations: JSON.parse(annotations) as Record<string, string>,
      ...(text === null ? {} : { text }),
    };
  }

  async function readSecrets(environmentUid: string): Promise<Record<string, string>> {
    const document = await getByUid(environmentUid);
    if (document?.kind !== 'Environment')
      throw new SdpError('not_found', `There is no environment with uid ${environmentUid}.`);
    const owner = { uid: environmentUid, name: document.metadata.name };
    return await openSecrets(read, context.keys, owner, document.spec as EnvironmentSpec);
  }

  return {
    get,
    getByUid,
    list,
    page,
    history,
    text,
    revision,
    revisions,
    readSecrets,
    currentVersion,
    secretValues: (uid, references) => valuesOf(read, context.keys, uid, references),
    // The writer is the only one who writes: between two reads of its transaction nothing changes.
    look: (see) => context.writer.rehearse((tx) => see({ ...lookingAt(tx), resolutions: (uid) => resolutionsOf(tx, uid) })),
    secretKeys: () => keyUse(read, context.keys),
    watch: (since, signal) => watchChanges(context, since, AbortSignal.any([signal, closed])),
  };
}

/** Reads of documents over one connection or transaction. */
function lookingAt(db: Db): Pick<DocumentStore, 'get' | 'list' | 'text' | 'currentVersion'> {
  async function get<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K> | undefined> {
    const slug = lookupSlug(name);
    const row = slug === undefined ? undefined : await liveRow(db, kind, slug);
    return row === undefined ? undefined : (toDocument(row) as StoredDocument<K>);
  }

  async function list<K extends Kind>(kind: K): Promise<StoredDocument<K>[]> {
    const rows = await selectDocuments(db).where('kind', '=', kind).where('gone', '=', sql.lit(0)).orderBy('slug').execute();
    return rows.map((row) => toDocument(row) as StoredDocument<K>);
  }

  async function text(kind: Kind, name: string): Promise<string | undefined> {
    const { uid } = await rowForHistory(db, kind, name);
    const newest = db.selectFrom('revisions').select('text').where('uid', '=', uid).orderBy('revision', 'desc');
    return (await newest.executeTakeFirst())?.text ?? undefined;
  }

  return { get, list, text, currentVersion: () => current(db, 'resource_version') };
}
