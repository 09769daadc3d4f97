import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { EnvironmentSpec, SecretReference } from '#schema/documents';
import { slugOf } from '#schema/names';
import { next } from '../counters.ts';
import type { MasterKeys } from '../master-key.ts';
import type { Author, Write } from '../store.ts';
import type { DocumentRow, Tx } from '../tables.ts';
import { checkMayChange, checkWrite } from './checks.ts';
import { SANDBOX_FINALIZERS } from './finalizers.ts';
import { addRevision, newestText, nextVersion, updateRow, withoutStatus } from './revise.ts';
import { managedColumn } from './managed.ts';
import { liveRow, type DocumentRowWithStatus } from './rows.ts';
import { hasPlainSecrets, storeSecrets } from './secrets.ts';

export interface Written {
  row: DocumentRowWithStatus;
  before: DocumentRowWithStatus | undefined;
  outcome: 'created' | 'configured' | 'unchanged';
}

interface How {
  keys: MasterKeys;
  author: Author;
  /** ISO time of the write. */
  at: string;
}

/** What the draft asks for, in the form in which it is stored. */
interface Wanted {
  labels: string;
  annotations: string;
  spec: string;
  text: string | undefined;
}

/** Creates or changes one document, or finds that nothing changes. @throws SdpError name_taken, conflict, invalid_document */
export async function writeDocument(tx: Tx, write: Write, how: How): Promise<Written> {
  const { draft } = write;
  const slug = slugOf(draft.metadata.name);
  const before = await liveRow(tx, draft.kind, slug);
  await checkWrite(tx, draft, slug, before);
  const uid = before?.uid ?? randomUUID();
  const wanted = await wantedOf(tx, write, { uid, before, how });
  return before === undefined
    ? await create(tx, write, { uid, slug, wanted, how })
    : await change(tx, write, before, wanted, how);
}

async function wantedOf(
  tx: Tx,
  write: Write,
  target: { uid: string; before: DocumentRow | undefined; how: How },
): Promise<Wanted> {
  const { draft } = write;
  const { name, labels, annotations } = draft.metadata;
  const wanted = {
    labels: JSON.stringify(labels ?? {}),
    annotations: JSON.stringify(annotations ?? {}),
    spec: JSON.stringify(draft.spec),
    text: write.text,
  };
  if (draft.kind !== 'Environment') return wanted;
  const stored = target.before === undefined ? {} : (JSON.parse(target.before.spec) as EnvironmentSpec).secrets ?? {};
  const owner = { uid: target.uid, name };
  const spec = await storeSecrets(
    tx,
    target.how.keys,
    owner,
    draft.spec,
    stored as Record<string, SecretReference>,
    target.how.at,
  );
  // A text that holds values is not kept: they could stand anywhere in it, in any notation.
  return { ...wanted, spec: JSON.stringify(spec), text: hasPlainSecrets(draft.spec) ? undefined : write.text };
}

async function create(
  tx: Tx,
  write: Write,
  made: { uid: string; slug: string; wanted: Wanted; how: How },
): Promise<Written> {
  const { how, wanted } = made;
  const { text, ...columns } = wanted;
  const row: DocumentRow = {
    ...columns,
    uid: made.uid,
    kind: write.draft.kind,
    slug: made.slug,
    name: write.draft.metadata.name,
    generation: 1,
    revision: 1,
    resourceVersion: await next(tx, 'resource_version'),
    createdAt: how.at,
    createdBy: how.author.user,
    updatedAt: how.at,
    updatedBy: how.author.user,
    deletedAt: null,
    finalizers: JSON.stringify(write.draft.kind === 'Sandbox' ? SANDBOX_FINALIZERS : []),
    gone: 0,
    removedWith: null,
    managedBy: null,
  };
  row.managedBy = await managedColumn(tx, row, write, how);
  await tx.insertInto('documents').values(row).execute();
  await addRevision(tx, row, { author: how.author, at: how.at, deleted: false, text });
  return { row: { ...row, status: null }, before: undefined, outcome: 'created' };
}

async function change(tx: Tx, write: Write, before: DocumentRowWithStatus, wanted: Wanted, how: How): Promise<Written> {
  const specChanged = !sameJson(before.spec, wanted.spec);
  const metadataChanged = !sameJson(before.labels, wanted.labels) || !sameJson(before.annotations, wanted.annotations);
  const storedText = await newestText(tx, before);
  const textChanged = wanted.text !== undefined && wanted.text !== storedText;
  const bump = write.bump === true;
  if (!specChanged && !metadataChanged && !textChanged && !bump) return await unchanged(tx, write, before, how);
  checkMayChange(before);

  const { labels, annotations } = wanted;
  const spec = specChanged ? wanted.spec : before.spec;
  const generation = before.generation + (specChanged || bump ? 1 : 0);
  const row = await nextVersion(tx, { ...withoutStatus(before), labels, annotations, spec, generation }, how);
  row.managedBy = await managedColumn(tx, row, write, how);
  await updateRow(tx, row);
  // A text written before still says what the document says as long as only SDP's part moved.
  const text = wanted.text ?? (specChanged || metadataChanged ? undefined : storedText);
  await addRevision(tx, row, { author: how.author, at: how.at, deleted: false, text });
  return { row: { ...row, status: before.status }, before, outcome: 'configured' };
}

/** Where it comes from may be news all the same; that is no change of the document, and nobody has to be told. */
async function unchanged(tx: Tx, write: Write, before: DocumentRowWithStatus, how: How): Promise<Written> {
  const managedBy = await managedColumn(tx, before, write, how);
  if (managedBy !== before.managedBy) await tx.updateTable('documents').set({ managedBy }).where('uid', '=', before.uid).execute();
  return { row: { ...before, managedBy }, before, outcome: 'unchanged' };
}

function sameJson(left: string, right: string): boolean {
  return left === right || isDeepStrictEqual(JSON.parse(left), JSON.parse(right));
}
