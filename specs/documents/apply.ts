import { SdpError } from '#schema/errors';
import { slugOf } from '#schema/names';
import type { MasterKeys } from '../master-key.ts';
import { addResolutions } from '../records/resolutions.ts';
import type { Author, Removal, Write, WriteResult } from '../store.ts';
import type { Tx } from '../tables.ts';
import { claimNames, releaseUnneededNames } from './container-names.ts';
import { deleteDocument } from './remove.ts';
import { toDocument } from './rows.ts';
import { keepSecrets } from './secrets.ts';
import { Stage } from './stage.ts';
import { writeDocument, type Written } from './write.ts';

/** One apply. */
export interface Request {
  writes: readonly Write[];
  author: Author;
  /** ISO time. */
  at: string;
  /** Answers what it would do, and does nothing. */
  rehearse: boolean;
}

export type Outcome = { value: WriteResult[] } | { error: unknown };

/**
 * Whether the apply touches documents, revisions and container names alone: those are staged, so that many run together.
 * Others run in a savepoint of their own.
 */
export function canShare(writes: readonly Write[]): boolean {
  return writes.every(({ draft, resolutions = [], secrets = [] }) => {
    const hasSecrets = secrets.length > 0 || (draft.kind === 'Environment' && draft.spec.secrets !== undefined);
    return resolutions.length === 0 && !hasSecrets;
  });
}

/** Applies that can share, one after the other, each with its own outcome. @throws when the database fails all of them */
export async function applyTogether(tx: Tx, requests: readonly Request[], keys: MasterKeys): Promise<Outcome[]> {
  const stage = await Stage.load(tx, requests.flatMap(({ writes }) => writes.map(({ draft }) => draft)));
  const outcomes: Outcome[] = [];
  for (const { writes, author, at, rehearse } of requests) {
    const apply = (): Promise<WriteResult[]> => applyStaged(stage, writes, { keys, author, at });
    outcomes.push(await stage.attempt(!rehearse, apply).then((value) => ({ value }), (error: unknown) => ({ error })));
  }
  await stage.flush();
  return outcomes;
}

/** Writes several documents, then deletes others, in the caller's transaction. */
export async function applyAll(
  tx: Tx,
  writes: readonly Write[],
  how: { keys: MasterKeys; author: Author; at: string },
  removals: readonly Removal[] = [],
): Promise<WriteResult[]> {
  const stage = await Stage.load(tx, writes.map(({ draft }) => draft));
  const results = await applyStaged(stage, writes, how);
  await stage.flush();
  for (const { kind, name } of removals) {
    const document = toDocument(await deleteDocument(tx, kind, name, how));
    results.push({ document, outcome: 'deleted', before: document });
  }
  return results;
}

async function applyStaged(
  stage: Stage,
  writes: readonly Write[],
  how: { keys: MasterKeys; author: Author; at: string },
): Promise<WriteResult[]> {
  checkNoneTwice(writes);
  const written: Written[] = [];
  for (const write of writes) {
    const result = await writeDocument(stage, write, how);
    await carryResolutions(stage.tx, write, result, how);
    await keepSecrets(stage.tx, how.keys, write.secrets ?? [], how.at);
    written.push(result);
  }
  const sandboxes = written.filter((result) => result.row.kind === 'Sandbox' && result.outcome !== 'unchanged');
  for (const { row } of sandboxes) releaseUnneededNames(stage, row);
  for (const { row } of sandboxes) claimNames(stage, row);
  return written.map(({ row, before, outcome }): WriteResult => ({
    document: toDocument(row),
    outcome,
    ...(before === undefined ? {} : { before: toDocument(before) }),
  }));
}

async function carryResolutions(
  tx: Tx,
  write: Write,
  result: Written,
  how: { author: Author; at: string },
): Promise<void> {
  const { uid, generation } = result.row;
  const made = { sandboxUid: uid, generation, resolvedAt: how.at, resolvedBy: how.author.user };
  await addResolutions(
    tx,
    (write.resolutions ?? []).map((carried) => ({ ...carried, ...made })),
  );
}

/** The same document twice would silently lose the first. Other spellings of a slug are found later, as name_taken. */
function checkNoneTwice(writes: readonly Write[]): void {
  const seen = new Map<string, string>();
  for (const { draft } of writes) {
    const { name } = draft.metadata;
    const key = `${draft.kind}/${slugOf(name)}`;
    const other = seen.get(key);
    if (other !== undefined && other.toLowerCase() === name.toLowerCase()) {
      throw new SdpError('invalid_document', `${draft.kind} "${name}" is given twice in one apply.`, {
        hint: 'Keep one of the two.',
      });
    }
    seen.set(key, name);
  }
}
