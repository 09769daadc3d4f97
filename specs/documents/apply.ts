import { SdpError } from '#schema/errors';
import { slugOf } from '#schema/names';
import type { MasterKeys } from '../master-key.ts';
import { addResolutions } from '../records/resolutions.ts';
import type { Author, Removal, Write, WriteResult } from '../store.ts';
import type { Tx } from '../tables.ts';
import { keepSecrets } from './secrets.ts';
import { claimNames, releaseUnneededNames } from './container-names.ts';
import { deleteDocument } from './remove.ts';
import { toDocument } from './rows.ts';
import { writeDocument, type Written } from './write.ts';

/** Writes several documents, then deletes others, in the caller's transaction. */
export async function applyAll(
  tx: Tx,
  writes: readonly Write[],
  how: { keys: MasterKeys; author: Author; at: string },
  removals: readonly Removal[] = [],
): Promise<WriteResult[]> {
  checkNoneTwice(writes);
  const written: Written[] = [];
  for (const write of writes) {
    const result = await writeDocument(tx, write, how);
    await carryResolutions(tx, write, result, how);
    await keepSecrets(tx, how.keys, write.secrets ?? [], how.at);
    written.push(result);
  }
  const sandboxes = written.filter((result) => result.row.kind === 'Sandbox' && result.outcome !== 'unchanged');
  for (const { row } of sandboxes) await releaseUnneededNames(tx, row);
  for (const { row } of sandboxes) await claimNames(tx, row);
  const results = written.map(({ row, before, outcome }): WriteResult => ({
    document: toDocument(row),
    outcome,
    ...(before === undefined ? {} : { before: toDocument(before) }),
  }));
  for (const { kind, name } of removals) {
    const document = toDocument(await deleteDocument(tx, kind, name, how));
    results.push({ document, outcome: 'deleted', before: document });
  }
  return results;
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
