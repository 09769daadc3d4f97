/** Rows of documents: reading them and what they become. */
import { API_VERSION, type Kind, type StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { sql } from 'kysely';
import { slugOf } from '#schema/names';
import type { Db, DocumentRow } from '../tables.ts';
import { parseManagedBy } from './managed.ts';

export type DocumentRowWithStatus = DocumentRow & { status: string | null };

export function selectDocuments(db: Db) {
  return db
    .selectFrom('documents')
    .leftJoin('statuses', 'statuses.uid', 'documents.uid')
    .selectAll('documents')
    .select('statuses.status');
}

/** The document that bears the slug, deleted ones left out. (A literal, as a database uses a partial index for that only.) */
export async function liveRow(db: Db, kind: Kind, slug: string): Promise<DocumentRowWithStatus | undefined> {
  return await selectDocuments(db)
    .where('kind', '=', kind)
    .where('slug', '=', slug)
    .where('gone', '=', sql.lit(0))
    .executeTakeFirst();
}

/** The document deleted last under the slug. */
export async function lastGoneRow(db: Db, kind: Kind, slug: string): Promise<DocumentRowWithStatus | undefined> {
  return await selectDocuments(db)
    .where('kind', '=', kind)
    .where('slug', '=', slug)
    .where('gone', '=', 1)
    .orderBy('resourceVersion', 'desc')
    .executeTakeFirst();
}

export function toDocument(row: DocumentRowWithStatus): StoredDocument {
  const labels = JSON.parse(row.labels) as Record<string, string>;
  const annotations = JSON.parse(row.annotations) as Record<string, string>;
  const managedBy = parseManagedBy(row.managedBy);
  return {
    apiVersion: API_VERSION,
    kind: row.kind,
    metadata: {
      name: row.name,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      uid: row.uid,
      slug: row.slug,
      generation: row.generation,
      resourceVersion: row.resourceVersion,
      revision: row.revision,
      createdAt: row.createdAt,
      createdBy: row.createdBy,
      updatedAt: row.updatedAt,
      updatedBy: row.updatedBy,
      ...(row.deletedAt === null ? {} : { deletedAt: row.deletedAt }),
      finalizers: JSON.parse(row.finalizers) as string[],
      ...(managedBy === undefined ? {} : { managedBy }),
    },
    spec: JSON.parse(row.spec) as unknown,
    ...(row.status === null ? {} : { status: JSON.parse(row.status) as unknown }),
  } as StoredDocument;
}

/** The slug of a name that is looked up; undefined for what cannot be a name, and so names nothing. */
export function lookupSlug(name: string): string | undefined {
  try {
    return slugOf(name);
  } catch {
    return undefined;
  }
}

export function noSuchDocument(kind: Kind, name: string): SdpError {
  return new SdpError('not_found', `There is no ${kind} "${name.slice(0, 80)}".`, {
    hint: 'Check the name; `sdp get` lists what there is.',
  });
}
