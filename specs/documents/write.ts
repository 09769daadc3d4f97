import { isDeepStrictEqual } from 'node:util';
import type { EnvironmentSpec, SecretReference } from '#schema/documents';
import { slugOf } from '#schema/names';
import type { MasterKeys } from '../master-key.ts';
import type { Author, Write } from '../store.ts';
import type { DocumentRow, Tx } from '../tables.ts';
import { checkMayChange, checkWrite } from './checks.ts';
import { SANDBOX_FINALIZERS } from './finalizers.ts';
import { managedColumn } from './managed.ts';
import { newUid } from './new-uid.ts';
import { revisionOf } from './revise.ts';
import { hasPlainSecrets, storeSecrets } from './secrets.ts';
import type { Stage, StagedRow } from './stage.ts';

export interface Written {
  row: StagedRow;
  before: StagedRow | undefined;
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
export async function writeDocument(stage: Stage, write: Write, how: How): Promise<Written> {
  const { draft } = write;
  const slug = slugOf(draft.metadata.name);
  const before = stage.live(draft.kind, slug);
  checkWrite(stage, draft, slug, before);
  const uid = before?.uid ?? newUid(Date.parse(how.at));
  const wanted = await wantedOf(stage.tx, write, { uid, before, how });
  return before === undefined
    ? await create(stage, write, { uid, slug, wanted, how })
    : await change(stage, write, before, wanted, how);
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

async function create(stage: Stage, write: Write, made: { uid: string; slug: string; wanted: Wanted; how: How }): Promise<Written> {
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
    resourceVersion: stage.nextVersion(),
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
  row.managedBy = await managedColumn(stage, row, write, how);
  const staged: StagedRow = { ...row, status: null, text: text ?? null };
  stage.put(staged, revisionOf(row, { author: how.author, at: how.at, deleted: false, text }));
  return { row: staged, before: undefined, outcome: 'created' };
}

async function change(stage: Stage, write: Write, before: StagedRow, wanted: Wanted, how: How): Promise<Written> {
  const specChanged = !sameJson(before.spec, wanted.spec);
  const metadataChanged = !sameJson(before.labels, wanted.labels) || !sameJson(before.annotations, wanted.annotations);
  const storedText = before.text ?? undefined;
  const textChanged = wanted.text !== undefined && wanted.text !== storedText;
  const bump = write.bump === true;
  if (!specChanged && !metadataChanged && !textChanged && !bump) return await unchanged(stage, write, before, how);
  checkMayChange(before);

  const { labels, annotations } = wanted;
  // A text written before still says what the document says as long as only SDP's part moved.
  const text = wanted.text ?? (specChanged || metadataChanged ? undefined : storedText);
  const row: StagedRow = {
    ...before,
    labels,
    annotations,
    spec: specChanged ? wanted.spec : before.spec,
    generation: before.generation + (specChanged || bump ? 1 : 0),
    revision: before.revision + 1,
    resourceVersion: stage.nextVersion(),
    updatedAt: how.at,
    updatedBy: how.author.user,
    text: text ?? null,
  };
  row.managedBy = await managedColumn(stage, row, write, how);
  stage.put(row, revisionOf(row, { author: how.author, at: how.at, deleted: false, text }));
  return { row, before, outcome: 'configured' };
}

/** Where it comes from may be news all the same; that is no change of the document, and nobody has to be told. */
async function unchanged(stage: Stage, write: Write, before: StagedRow, how: How): Promise<Written> {
  const managedBy = await managedColumn(stage, before, write, how);
  const row = { ...before, managedBy };
  if (managedBy !== before.managedBy) stage.put(row);
  return { row, before, outcome: 'unchanged' };
}

function sameJson(left: string, right: string): boolean {
  return left === right || isDeepStrictEqual(JSON.parse(left), JSON.parse(right));
}
