import type { EnvironmentSpec, Kind, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { sql } from 'kysely';
import type { Revision } from '#schema/http';
import { now, type Context } from '../context.ts';
import { current } from '../counters.ts';
import type { Author, DocumentPage, DocumentStore, Write, WriteResult } from '../store.ts';
import type { Tx } from '../tables.ts';
import { applyAll, applyTogether, canShare, type Outcome, type Request } from './apply.ts';
import { compact } from './compact.ts';
import { deleteDocument, finishFinalizer, restoreDocument, rowForHistory } from './remove.ts';
import { liveRow, lookupSlug, selectDocuments, toDocument } from './rows.ts';
import { openSecrets } from './secrets.ts';
import { writeStatus } from './status.ts';
import { watchChanges } from './watch.ts';

/** Writing documents, and following what was written. */
type Writing = Pick<DocumentStore, 'apply' | 'dryRun' | 'delete' | 'finishFinalizer' | 'restore' | 'writeStatus' | 'compact'>;
type Reading = Omit<DocumentStore, keyof Writing>;

/** @param closed aborts when the store closes, which ends watches. */
export function documentStore(context: Context, closed: AbortSignal): DocumentStore {
  return { ...writing(context), ...reading(context, closed) };
}

function writing(context: Context): Writing {
  const { writer, keys } = context;
  const together = (tx: Tx, requests: readonly Request[]): Promise<Outcome[]> => applyTogether(tx, requests, keys);
  const applying = (writes: readonly Write[], author: Author, rehearse: boolean): Promise<WriteResult[]> => {
    if (canShare(writes)) return writer.writeTogether(together, { writes, author, rehearse, at: now(context) });
    const apply = (tx: Tx): Promise<WriteResult[]> => applyAll(tx, writes, { keys, author, at: now(context) });
    return rehearse ? writer.rehearse(apply) : writer.write(apply);
  };
  return {
    apply: (writes, author) => applying(writes, author, false),
    dryRun: (writes, author) => applying(writes, author, true),
    delete: (kind, name, author) =>
      writer.write(async (tx) => toDocument(await deleteDocument(tx, kind, name, { author, at: now(context) }))),
    finishFinalizer: (uid, finalizer) => writer.write((tx) => finishFinalizer(tx, uid, finalizer, now(context))),
    restore: (kind, name, author) =>
      writer.write(async (tx) => toDocument(await restoreDocument(tx, kind, name, { author, at: now(context) }))),
    writeStatus: (uid, status) => writer.write((tx) => writeStatus(tx, uid, status)),
    compact: (retention) => compact(writer, retention),
  };
}

function reading(context: Context, closed: AbortSignal): Reading {
  const { read } = context;

  async function get<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K> | undefined> {
    const slug = lookupSlug(name);
    const row = slug === undefined ? undefined : await liveRow(read, kind, slug);
    return row === undefined ? undefined : (toDocument(row) as StoredDocument<K>);
  }

  async function getByUid(uid: string): Promise<StoredDocument | undefined> {
    const row = await selectDocuments(read).where('documents.uid', '=', uid).where('gone', '=', sql.lit(0)).executeTakeFirst();
    return row === undefined ? undefined : toDocument(row);
  }

  async function list<K extends Kind>(kind: K): Promise<StoredDocument<K>[]> {
    const rows = await selectDocuments(read).where('kind', '=', kind).where('gone', '=', sql.lit(0)).orderBy('slug').execute();
    return rows.map((row) => toDocument(row) as StoredDocument<K>);
  }

  async function page<K extends Kind>(kind: K, { after, limit }: { after?: string; limit: number }): Promise<DocumentPage<K>> {
    let query = selectDocuments(read).where('kind', '=', kind).where('gone', '=', sql.lit(0)).orderBy('slug').limit(limit + 1);
    if (after !== undefined) query = query.where('slug', '>', after);
    const rows = await query.execute();
    const documents = rows.slice(0, limit).map((row) => toDocument(row) as StoredDocument<K>);
    const next = rows.length > limit ? documents.at(-1)?.metadata.slug : undefined;
    return { documents, ...(next === undefined ? {} : { next }) };
  }

  async function text(kind: Kind, name: string): Promise<string | undefined> {
    const { uid } = await rowForHistory(read, kind, name);
    const newest = read.selectFrom('revisions').select('text').where('uid', '=', uid).orderBy('revision', 'desc');
    return (await newest.executeTakeFirst())?.text ?? undefined;
  }

  async function revisions(kind: Kind, name: string): Promise<Revision[]> {
    const { uid } = await rowForHistory(read, kind, name);
    const rows = await read
      .selectFrom('revisions')
      .selectAll()
      .where('uid', '=', uid)
      .orderBy('revision', 'desc')
      .execute();
    return rows.map(({ revision, generation, resourceVersion, author, message, at, deleted, spec }) => ({
      revision,
      generation,
      resourceVersion,
      author,
      message,
      at,
      deleted: deleted === 1,
      spec: JSON.parse(spec) as unknown,
    }));
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
    text,
    revisions,
    readSecrets,
    currentVersion: () => current(read, 'resource_version'),
    watch: (since, signal) => watchChanges(context, since, AbortSignal.any([signal, closed])),
  };
}
